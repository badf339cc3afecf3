/** What becomes of the connections of a path that is left. */

import type { PolicyConfig } from "../../domain/config.ts";
import { unreachable } from "../../domain/invariant.ts";
import type { MoveCause } from "./decision.ts";

/** `cause`: why traffic leaves; of a follower, why its lead left. */
export function flowsOf(policy: PolicyConfig, cause: MoveCause | null): "reset" | "keep" {
  switch (policy.flows) {
    case "keep":
      return "keep";
    case "reset-always":
      return "reset";
    case "reset-on-hard-down":
      return cause === "hard-down" ? "reset" : "keep";
    default:
      return unreachable(policy.flows);
  }
}
