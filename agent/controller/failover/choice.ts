/** What the engine decided, in the planner's words. */

import type { PolicyConfig } from "../../domain/config.ts";
import type { FamilySnapshot, PolicySnapshot } from "../../engine/failover/explain.ts";
import type { FamilyChoice } from "../../routing/plan.ts";
import type { EngineDecision } from "./route-keeper.ts";

export function choiceOf(policy: PolicyConfig, snapshot: PolicySnapshot): EngineDecision {
  const candidates = candidatesOf(policy, snapshot);
  const of = ({ active, isBarred }: FamilySnapshot): FamilyChoice => ({
    active,
    candidates,
    isAllDown: isBarred,
  });
  return {
    isEnabled: snapshot.enabled,
    allDown: policy.all_down,
    choice: { 4: of(snapshot.ipv4), 6: of(snapshot.ipv6) },
  };
}

/** Where the kernel may fall back to by itself: nowhere when the operator pinned strictly. */
function candidatesOf(policy: PolicyConfig, { pin, maintenance }: PolicySnapshot): string[] {
  if (pin?.mode === "strict") return [];
  const excused: readonly string[] = maintenance.map(({ path }) => path);
  return [policy.primary, ...policy.backups].filter((path) => !excused.includes(path));
}
