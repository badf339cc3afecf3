/** One line of the self-test. */

export type CheckState = "ok" | "degraded" | "failed";

export interface Check {
  readonly name: string;
  readonly state: CheckState;
  /** What was found. */
  readonly detail: string;
  /** What the operator can do; null: nothing to do. */
  readonly advice: string | null;
}

export function ok(name: string, detail: string): Check {
  return { name, state: "ok", detail, advice: null };
}

export function degraded(name: string, detail: string, advice: string): Check {
  return { name, state: "degraded", detail, advice };
}

export function failed(name: string, detail: string, advice: string): Check {
  return { name, state: "failed", detail, advice };
}

/** The worst of them. */
export function verdictOf(checks: readonly Check[]): CheckState {
  if (checks.some(({ state }) => state === "failed")) return "failed";
  return checks.some(({ state }) => state === "degraded") ? "degraded" : "ok";
}
