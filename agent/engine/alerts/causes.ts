/**
 * The root-cause order: a condition that another one explains is not told beside it. A cause is
 * always of a smaller rank than what it explains, so nothing ever hides what hides it.
 */

import type { AlertType } from "../../domain/alerts.ts";
import type { PathId } from "../../domain/ids.ts";
import type { Condition } from "./conditions.ts";
import type { AlertPolicy } from "./input.ts";

const RANK: Readonly<Record<AlertType, number>> = {
  "all-down": 0,
  "link-down": 1,
  "path-down": 2,
  failover: 3,
  "failover-failed": 4,
  "path-degraded": 5,
  "budget-burn": 6,
  "worker-restart": 7,
  "store-trouble": 7,
  "update-trouble": 7,
};

type Side = Pick<Condition, "type" | "path" | "policy">;

/** Smaller: nearer to the root. */
export function rankOf(type: AlertType): number {
  return RANK[type];
}

/** Does `root` explain `other`? */
export function explains(root: Side, other: Side, policies: readonly AlertPolicy[]): boolean {
  if (RANK[root.type] >= RANK[other.type]) return false;
  switch (root.type) {
    case "all-down":
      return concerns(root.policy, other, policies);
    case "link-down":
    case "path-down":
      return root.path !== null && other.path === root.path && other.type !== "failover-failed";
    case "failover":
      return root.path !== null && other.path === root.path && other.type === "path-degraded";
    default:
      return false;
  }
}

/** Without its root it is not told either: it was a part of it. */
export function isAbsorbed(type: AlertType): boolean {
  return type === "failover" || type === "failover-failed";
}

function concerns(id: number | null, other: Side, policies: readonly AlertPolicy[]): boolean {
  const policy = policies.find((one) => one.id === id);
  if (policy === undefined) return false;
  if (other.policy !== null) return other.policy === policy.id;
  return other.path !== null && policy.paths.includes(other.path);
}

/** Work is being done on it, so nobody is told: on its path, or on every path of its policy. */
export function isInMaintenance(
  { path, policy }: Pick<Side, "path" | "policy">,
  maintained: ReadonlySet<PathId>,
  policies: readonly AlertPolicy[],
): boolean {
  if (maintained.size === 0) return false;
  if (path !== null) return maintained.has(path);
  const paths = policies.find(({ id }) => id === policy)?.paths ?? [];
  return paths.length > 0 && paths.every((one) => maintained.has(one));
}
