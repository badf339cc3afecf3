/** The words of `probe`: one line per outcome, a summary per target, the same as JSON lines. */

import { milliseconds } from "../domain/amount.ts";
import type { OutcomeKind } from "../domain/outcome.ts";
import { OUTCOME_KINDS } from "../domain/outcome.ts";
import type { Directions } from "../domain/path-health.ts";
import type { WasmScorer } from "../scoring/wasm-scorer.ts";

export interface ProbedTarget {
  readonly host: string;
  readonly address: string;
}

export interface ProbeOutcome {
  readonly seq: number;
  readonly kind: OutcomeKind;
  readonly rttMs: number | null;
  /** ICMP type << 8 | code, or errno. */
  readonly code: number;
  /** To a STAMP reflector, between synchronised clocks; null: withheld. */
  readonly forwardMs: number | null;
}

export interface ProbeSummary {
  readonly type: "summary";
  readonly target: string;
  readonly address: string;
  readonly sent: number;
  readonly received: number;
  readonly loss_pct: number | null;
  readonly outcomes: Readonly<Record<string, number>>;
  readonly rtt_ms: {
    readonly min: number | null;
    readonly mean: number | null;
    readonly max: number | null;
    readonly stddev: number | null;
    readonly p50: number | null;
    readonly p95: number | null;
    readonly p99: number | null;
  };
  readonly jitter_ms: number | null;
  readonly mos: number | null;
  /** STAMP only. */
  readonly directions?: Directions;
}

export function targetName({ host, address }: ProbedTarget): string {
  return host === address ? host : `${host} (${address})`;
}

export function outcomeLine(target: ProbedTarget, outcome: ProbeOutcome): string {
  const detail = outcome.rttMs === null ? codeText(outcome) : `${milliseconds(outcome.rttMs)} ms`;
  const kind = outcome.kind === "replied" ? "" : `${outcome.kind} `;
  return `${targetName(target)} : [${outcome.seq}], ${kind}${detail}`.trimEnd();
}

function codeText({ kind, code }: ProbeOutcome): string {
  if (kind === "unreachable") return `(ICMP type ${code >>> 8} code ${code & 0xff})`;
  return kind === "unsent" ? `(errno ${code})` : "";
}

export function outcomeJson(target: ProbedTarget, outcome: ProbeOutcome): string {
  return JSON.stringify({
    type: "probe",
    target: target.host,
    address: target.address,
    seq: outcome.seq,
    outcome: outcome.kind,
    rtt_ms: rounded(outcome.rttMs ?? Number.NaN),
    ...(outcome.code === 0 ? {} : { code: outcome.code }),
    ...(outcome.forwardMs === null ? {} : { one_way_forward_ms: rounded(outcome.forwardMs) }),
  });
}

/** What a series came to, from the core. */
export function summaryOf(
  scorer: WasmScorer,
  series: number,
  target: ProbedTarget,
  directions?: Directions,
): ProbeSummary {
  const { totals, ...columns } = scorer.series;
  const counts = OUTCOME_KINDS.map((kind, i) => [
    kind,
    totals[series * OUTCOME_KINDS.length + i] ?? 0,
  ]);
  const outcomes: Record<string, number> = Object.fromEntries(counts);
  const value = (name: Exclude<keyof typeof columns, "status" | "limiting">) =>
    rounded(columns[name][series] ?? Number.NaN);
  const of = (kind: OutcomeKind) => outcomes[kind] ?? 0;
  return {
    type: "summary",
    target: target.host,
    address: target.address,
    sent: of("replied") + of("expired") + of("unreachable") + of("corrupt"),
    received: of("replied"),
    loss_pct: value("lossPct"),
    outcomes,
    rtt_ms: {
      min: value("minMs"),
      mean: value("latencyMs"),
      max: value("maxMs"),
      stddev: value("stddevMs"),
      p50: value("p50Ms"),
      p95: value("p95Ms"),
      p99: value("p99Ms"),
    },
    jitter_ms: value("jitterMs"),
    mos: value("mos"),
    ...(directions === undefined ? {} : { directions }),
  };
}

const SIDE_KINDS: readonly OutcomeKind[] = [
  "late",
  "unreachable",
  "corrupt",
  "unsent",
  "duplicate",
  "reordered",
  "mismatched",
];

export function summaryJson(summary: ProbeSummary): string {
  return JSON.stringify(summary);
}

export function summaryLine(summary: ProbeSummary): string {
  const { rtt_ms: rtt } = summary;
  const loss = summary.loss_pct === null ? "-" : `${Number(summary.loss_pct.toFixed(1))}%`;
  const head = `${targetName({ host: summary.target, address: summary.address })} : xmt/rcv/%loss = ${summary.sent}/${summary.received}/${loss}`;
  const times =
    rtt.mean === null
      ? ""
      : `, min/avg/max = ${triple(rtt.min, rtt.mean, rtt.max)}, p50/p95/p99 = ${triple(rtt.p50, rtt.p95, rtt.p99)}, jitter = ${milliseconds(summary.jitter_ms)}, MOS = ${summary.mos?.toFixed(2) ?? "-"}`;
  const sides = SIDE_KINDS.filter((kind) => (summary.outcomes[kind] ?? 0) > 0)
    .map((kind) => `${summary.outcomes[kind]} ${kind}`)
    .join(", ");
  return `${head}${times}${directionText(summary.directions)}${sides === "" ? "" : `, ${sides}`}`;
}

/** What exists of it. */
function directionText(directions: Directions | undefined): string {
  if (directions === undefined) return "";
  const { forward_loss_pct: there, backward_loss_pct: back } = directions;
  const { one_way_forward_ms: forward, one_way_backward_ms: backward } = directions;
  const loss =
    there === null ? "" : `, forward/backward %loss = ${there.toFixed(1)}/${back?.toFixed(1)}`;
  if (forward === null) return loss;
  return `${loss}, one-way = ${milliseconds(forward)}/${milliseconds(backward)} ms`;
}

function triple(a: number | null, b: number | null, c: number | null): string {
  return [a, b, c].map((value) => milliseconds(value)).join("/");
}

/** Nanosecond resolution, null where there is no value. */
function rounded(value: number): number | null {
  return Number.isFinite(value) ? Math.round(value * 1e6) / 1e6 : null;
}
