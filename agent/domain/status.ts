/**
 * What a path is, in one word. The numbers are the codes of the WASM core and of the cache
 * (core-wasm/assembly/layout.ts); `unknown` is never stored and never exported as a number.
 */

export type Status = "unknown" | "up" | "degraded" | "down";

export const STATUSES = ["unknown", "up", "degraded", "down"] as const satisfies readonly Status[];

export function statusOf(code: number): Status {
  return STATUSES[code] ?? "unknown";
}

/**
 * The metric that keeps a score from 100; `none` at 100, `loss` when nothing replied,
 * `reachability` when the path is held down by a verdict.
 */
export type Limiting = "none" | "latency" | "loss" | "jitter" | "reachability";

export const LIMITINGS = [
  "none",
  "latency",
  "loss",
  "jitter",
  "reachability",
] as const satisfies readonly Limiting[];

export function limitingOf(code: number): Limiting {
  return LIMITINGS[code] ?? "none";
}
