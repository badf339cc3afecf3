/** Failover events as lines of the log. */

import type { PolicyConfig } from "../../domain/config.ts";
import type { FailoverEvent } from "../../engine/failover/effect.ts";
import type { Log } from "../ports.ts";

export function logEvent(log: Log, event: FailoverEvent, policy: PolicyConfig | null): void {
  const fields = {
    policy: event.policy,
    name: policy?.name ?? null,
    family: event.family,
    from: event.from,
    to: event.to,
    cause: event.cause,
    reason: event.reason,
    ...(event.duration === null ? {} : { us: Math.round(event.duration) }),
  };
  switch (event.type) {
    case "triggered":
      log.warn("failover triggered", fields);
      return;
    case "completed":
      log.info("failover completed", fields);
      return;
    case "failed":
      log.error("failover failed", fields);
      return;
    case "policy_enabled":
    case "policy_disabled":
      log.info(event.type === "policy_enabled" ? "policy enabled" : "policy disabled", fields);
      return;
  }
}
