/**
 * The core's contract in the plainest TypeScript: arrays, recomputed from nothing at every call.
 * The differential test holds the WASM core against it.
 */

import type { OutcomeKind } from "../../agent/domain/outcome.ts";
import { OUTCOME_FLAG } from "../../agent/domain/outcome.ts";
import type { Limiting, Status } from "../../agent/domain/status.ts";
import type { PathLayout } from "../../agent/scoring/scorer.ts";

export interface ReferenceOutcome {
  readonly kind: OutcomeKind;
  readonly seq: number;
  /** us */
  readonly rttUs: number;
  readonly flags: number;
}

export interface ReferenceResult {
  readonly score: number;
  readonly composite: number;
  readonly latencyMs: number;
  readonly minMs: number;
  readonly maxMs: number;
  readonly stddevMs: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
  readonly lossPct: number;
  readonly jitterMs: number;
  readonly jitterRfc3550Ms: number;
  readonly pdvMs: number;
  readonly mos: number;
  readonly samples: number;
  readonly status: Status;
  readonly limiting: Limiting;
  readonly isClear: boolean;
}

export interface ReferenceScore {
  readonly score: number;
  readonly composite: number;
  readonly limiting: Limiting;
  /** False: two metrics limit alike up to rounding, and either may be named. */
  readonly isClear: boolean;
}

const RESOLVED: readonly OutcomeKind[] = ["replied", "expired", "unreachable", "corrupt"];

export function penalty(x: number, max: number, k: number): number {
  return x <= max ? 100 : 100 * Math.exp(-k * (x / max - 1));
}

export function cap(x: number, max: number, critical: number | null): number {
  return x <= max || critical === null ? 100 : 100 * 2 ** (-(x - max) / (critical - max));
}

export function scoreOf(
  path: PathLayout,
  latency: number,
  loss: number,
  jitter: number,
): ReferenceScore {
  const { thresholds: t, weights: w } = path;
  const shares = {
    loss: w.loss * (100 - penalty(loss, t.loss_pct.max, 2)),
    latency: w.latency * (100 - penalty(latency, t.latency_ms.max, 1)),
    jitter: w.jitter * (100 - penalty(jitter, t.jitter_ms.max, 1)),
  };
  const caps = {
    latency: cap(latency, t.latency_ms.max, t.latency_ms.critical),
    loss: cap(loss, t.loss_pct.max, t.loss_pct.critical),
    jitter: cap(jitter, t.jitter_ms.max, t.jitter_ms.critical),
  };
  const composite = 100 - shares.latency - shares.loss - shares.jitter;
  const lowest = Math.min(caps.latency, caps.loss, caps.jitter);
  const score = Math.min(composite, lowest);
  const keysOf = <T extends object>(record: T) => Object.keys(record) as (keyof T)[];
  const largest = Math.max(shares.loss, shares.latency, shares.jitter);
  const byCap = keysOf(caps).find((metric) => caps[metric] === lowest);
  const byShare = keysOf(shares).find((metric) => shares[metric] === largest);
  const limiting = (lowest < composite ? byCap : byShare) ?? "none";
  const isClear =
    score >= 100 ||
    (isApart(lowest, composite) &&
      isApart(
        ...topTwo(lowest < composite ? Object.values(caps).map((x) => -x) : Object.values(shares)),
      ));
  return { score, composite, limiting: score >= 100 ? "none" : limiting, isClear };
}

function isApart(a: number, b: number): boolean {
  return Math.abs(a - b) > 1e-9;
}

function topTwo(values: readonly number[]): [number, number] {
  const [first = 0, second = 0] = [...values].sort((a, b) => b - a);
  return [first, second];
}

export function mosOf(delay: number, loss: number): number {
  const impairment = 0.024 * delay + (delay > 177.3 ? 0.11 * (delay - 177.3) : 0);
  const r = 93.2 - impairment - (95 * loss) / (loss + 25.1);
  if (r <= 0) return 1;
  if (r >= 100) return 4.5;
  return Math.max(1, 1 + 0.035 * r + 7e-6 * r * (r - 60) * (100 - r));
}

/** The result of a series after all these outcomes, in the order they were resolved. */
export function referenceResult(
  path: PathLayout,
  all: readonly ReferenceOutcome[],
): ReferenceResult {
  const scheduled = all.filter(
    ({ kind, flags }) => RESOLVED.includes(kind) && (flags & OUTCOME_FLAG.confirmation) === 0,
  );
  const window = scheduled.slice(-path.windowProbes);
  const replies = window.filter(({ kind }) => kind === "replied");
  const timed = replies.filter(({ flags }) => (flags & OUTCOME_FLAG.rttVoid) === 0);
  const ms = timed.map(({ rttUs }) => Math.floor(rttUs * 1_000 + 0.5) / 1e6);
  const sorted = [...ms].sort((a, b) => a - b);
  const rank = (percent: number) =>
    sorted[Math.ceil((percent / 100) * sorted.length) - 1] ?? Number.NaN;
  const mean = ms.reduce((sum, value) => sum + value, 0) / ms.length;
  const squares = ms.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  const bySeq = new Map(timed.map(({ seq }, i) => [seq, ms[i] ?? Number.NaN]));
  const differences = [...bySeq].flatMap(([seq, value]) => {
    const before = bySeq.get((seq - 1) >>> 0);
    return before === undefined ? [] : [Math.abs(value - before)];
  });
  const pairs = differences.length;
  const jitter =
    pairs < 2 ? Number.NaN : differences.reduce((sum, value) => sum + value, 0) / pairs;
  const loss = (100 * (window.length - replies.length)) / window.length;
  const { score, composite, limiting, isClear } = scoreFrom(path, {
    samples: window.length,
    replied: replies.length,
    latency: ms.length === 0 ? 0 : mean,
    loss,
    jitter: pairs < 2 ? 0 : jitter,
  });
  return {
    score,
    composite,
    limiting,
    isClear,
    latencyMs: mean,
    minMs: sorted[0] ?? Number.NaN,
    maxMs: sorted.at(-1) ?? Number.NaN,
    stddevMs: ms.length < 2 ? Number.NaN : Math.sqrt(squares / (ms.length - 1)),
    p50Ms: rank(50),
    p95Ms: rank(95),
    p99Ms: rank(99),
    lossPct: loss,
    jitterMs: jitter,
    jitterRfc3550Ms: ms.length === 0 ? Number.NaN : smoothed(scheduled),
    pdvMs: rank(99) - (sorted[0] ?? Number.NaN),
    mos: ms.length === 0 ? Number.NaN : mosOf(mean / 2, loss),
    samples: window.length,
    status: statusFrom(score),
  };
}

function scoreFrom(
  path: PathLayout,
  of: { samples: number; replied: number; latency: number; loss: number; jitter: number },
): ReferenceScore {
  if (of.samples < path.minSamples || of.samples === 0) {
    return { score: Number.NaN, composite: Number.NaN, limiting: "none", isClear: true };
  }
  if (of.replied === 0) return { score: 0, composite: 0, limiting: "loss", isClear: true };
  return scoreOf(path, of.latency, of.loss, of.jitter);
}

function statusFrom(score: number): Status {
  if (Number.isNaN(score)) return "unknown";
  if (score >= 80) return "up";
  return score >= 50 ? "degraded" : "down";
}

/** Further behind than this: the sender began to count anew. */
const OVERTAKEN_MAX = 64;

function smoothed(outcomes: readonly ReferenceOutcome[]): number {
  let jitter = 0;
  let last: { seq: number; ms: number } | null = null;
  for (const { kind, seq, rttUs, flags } of outcomes) {
    if (kind !== "replied" || (flags & OUTCOME_FLAG.rttVoid) !== 0) continue;
    const ms = Math.floor(rttUs * 1_000 + 0.5) / 1e6;
    const ahead = last === null ? 1 : (seq - last.seq) | 0;
    if (ahead <= 0 && ahead > -OVERTAKEN_MAX) continue;
    if (last !== null && ahead > 0) jitter += (Math.abs(ms - last.ms) - jitter) / 16;
    last = { seq, ms };
  }
  return jitter;
}

export interface ReferencePath {
  readonly score: number;
  readonly status: Status;
  readonly limiting: Limiting;
  /** Position among the path's series; -1: none. */
  readonly chosen: number;
}

/** The k-th best of the series that have a score; equal ones in their order. */
export function referencePath(
  reliability: number,
  series: readonly ReferenceResult[],
  hardDown: boolean,
): ReferencePath {
  const ranked = [...series.entries()]
    .filter(([, { score }]) => !Number.isNaN(score))
    .sort(([, a], [, b]) => b.score - a.score);
  const [chosen, result] = ranked[Math.min(reliability, ranked.length) - 1] ?? [-1, null];
  if (hardDown) return { score: 0, status: "down", limiting: "reachability", chosen };
  if (result === null) return { score: Number.NaN, status: "unknown", limiting: "none", chosen };
  return { score: result.score, status: result.status, limiting: result.limiting, chosen };
}
