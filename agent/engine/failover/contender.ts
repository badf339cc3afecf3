/** One path of a policy as a decision sees it, and the words of the rules: dead, known, usable. */

import type { PolicyConfig } from "../../domain/config.ts";
import type { PathId } from "../../domain/ids.ts";
import { pathId } from "../../domain/ids.ts";
import type { HardDownCause, PathCondition } from "./input.ts";
import type { PathStanding } from "./standing.ts";

export interface Contender {
  readonly path: PathId;
  /** null: nothing was ever told of it. */
  readonly condition: PathCondition | null;
  /** The kernel's words when it refused a route by this path; null: it did not. */
  readonly refusal: string | null;
  readonly maintenance: boolean;
  readonly standing: PathStanding;
}

/** The primary, then the backups. */
export function pathsOf({ primary, backups }: PolicyConfig): readonly PathId[] {
  return [primary, ...backups].map(pathId);
}

/** Why nothing can pass; null: nothing says so. */
export function hardDownOf(contender: Contender): HardDownCause | null {
  return contender.condition?.hardDown ?? null;
}

/** True when it is the kernel's word, not a conclusion from silence. */
export function isLinkFact(cause: HardDownCause): boolean {
  return cause !== "probes";
}

/** null: unknown, or hard-down. */
export function scoreOf({ condition }: Contender): number | null {
  if (condition === null || condition.hardDown !== null) return null;
  return condition.status === "unknown" ? null : condition.score;
}

/** Traffic could be sent there: something is known of it, and nothing speaks against it. */
export function isEligible(contender: Contender): boolean {
  const { condition, refusal, maintenance } = contender;
  return condition !== null && condition.hardDown === null && refusal === null && !maintenance;
}

export function isUsable(contender: Contender, line: number): boolean {
  const score = scoreOf(contender);
  return isEligible(contender) && score !== null && score >= line;
}
