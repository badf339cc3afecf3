/** Reasons as sentences: the same words in events, audit records and on every surface. */

import type { PolicyConfig } from "../../domain/config.ts";
import type { PathId } from "../../domain/ids.ts";
import { unreachable } from "../../domain/invariant.ts";
import type { Micros } from "../../domain/units.ts";
import { US_PER_S } from "../../domain/units.ts";
import type { HardDownCause } from "./input.ts";

export function describeDown(cause: HardDownCause): string {
  switch (cause) {
    case "probes":
      return "no answer to its probes";
    case "carrier":
      return "carrier lost";
    case "admin-down":
      return "its device is switched off";
    case "no-gateway":
      return "its gateway is gone";
    case "unroutable":
      return "the kernel takes no route by it";
    default:
      return unreachable(cause);
  }
}

export function formatScore(score: number | null): string {
  return score === null ? "unknown" : score.toFixed(1);
}

export function formatSpan(span: Micros): string {
  return `${Math.round(span / US_PER_S)} s`;
}

/** `duration` null: found so after a restart. */
export function describeArrival(
  to: PathId,
  { route }: PolicyConfig,
  duration: Micros | null,
): string {
  if (route === null) return `${to} is chosen: the policy has no route to write`;
  const how = duration === null ? "found in the kernel after a restart" : "read back";
  return `${to} carries the traffic: ${how}`;
}
