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
  readonly mos: number;
  readonly samples: number;
  readonly status: Status;
}

export interface ReferenceScore {
  readonly score: number;
  readonly limiting: Limiting;
}

const RESOLVED: readonly OutcomeKind[] = ["replied", "expired", "unreachable", "corrupt"];

export function penalty(x: number, max: number, k: number): number {
  return x <= max ? 100 : 100 * Math.exp(-k * (x / max - 1));
}

export function cap(x: number, max: number, critical: number | null): number {
  return x <= max || critical === null ? 100 : 100 * 2 ** (-(x - max) / (critical - max));
}

export function scoreOf(path: PathLayout, latency: number, loss: number, jitter: number): number {
  const { thresholds: t, weights: w } = path;
  const composite =
    w.latency * penalty(latency, t.latency_ms.max, 1) +
    w.loss * penalty(loss, t.loss_pct.max, 2) +
    w.jitter * penalty(jitter, t.jitter_ms.max, 1);
  return Math.min(
    composite,
    cap(latency, t.latency_ms.max, t.latency_ms.critical),
    cap(loss, t.loss_pct.max, t.loss_pct.critical),
    cap(jitter, t.jitter_ms.max, t.jitter_ms.critical),
  );
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
  const jitter = differences.reduce((sum, value) => sum + value, 0) / differences.length;
  const loss = (100 * (window.length - replies.length)) / window.length;
  const score = scoreFrom(path, {
    samples: window.length,
    replied: replies.length,
    latency: ms.length === 0 ? 0 : mean,
    loss,
    jitter: differences.length >= 2 ? jitter : 0,
  });
  return {
    score,
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
    mos: ms.length === 0 ? Number.NaN : mosOf(mean / 2, loss),
    samples: window.length,
    status: statusFrom(score),
  };
}

function scoreFrom(
  path: PathLayout,
  of: { samples: number; replied: number; latency: number; loss: number; jitter: number },
): number {
  if (of.samples < path.minSamples || of.samples === 0) return Number.NaN;
  return of.replied === 0 ? 0 : scoreOf(path, of.latency, of.loss, of.jitter);
}

function statusFrom(score: number): Status {
  if (Number.isNaN(score)) return "unknown";
  if (score >= 80) return "up";
  return score >= 50 ? "degraded" : "down";
}

function smoothed(outcomes: readonly ReferenceOutcome[]): number {
  let jitter = 0;
  let last: { seq: number; ms: number } | null = null;
  for (const { kind, seq, rttUs, flags } of outcomes) {
    if (kind !== "replied" || (flags & OUTCOME_FLAG.rttVoid) !== 0) continue;
    const ms = Math.floor(rttUs * 1_000 + 0.5) / 1e6;
    if (last !== null && ((seq - last.seq) | 0) <= 0) continue;
    if (last !== null) jitter += (Math.abs(ms - last.ms) - jitter) / 16;
    last = { seq, ms };
  }
  return jitter;
}
