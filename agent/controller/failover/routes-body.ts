/** Rules and routes as they should be and as the kernel has them, as commands of iproute2. */

import { PATH_TABLE_BASE, POLICY_TABLE_BASE } from "../../domain/kernel-net.ts";
import { desiredState } from "../../routing/desired.ts";
import { diff } from "../../routing/diff.ts";
import { isOurRoute, isOurRule } from "../../routing/facts.ts";
import { asIpCommands } from "../../routing/ip-commands.ts";
import type { RouteKeeper } from "./route-keeper.ts";

export interface RoutesBody {
  /** The kernel was read; false: nothing can be said. */
  readonly known: boolean;
  /** Table and rules of each path and policy. */
  readonly paths: readonly { readonly path_id: string; readonly table: number }[];
  readonly policies: readonly { readonly policy_id: number; readonly table: number }[];
  /** What the kernel has of ours. */
  readonly present: readonly string[];
  /** What it would take to have all as planned; empty: it is so. */
  readonly missing: readonly string[];
  readonly problems: readonly string[];
}

export function routesBody(keeper: RouteKeeper): RoutesBody {
  const { plan, facts, problems } = keeper;
  const places = {
    paths: plan.paths.map(({ id, slot }) => ({ path_id: id, table: PATH_TABLE_BASE + slot })),
    policies: plan.policies.map(({ id, slot }) => ({
      policy_id: id,
      table: POLICY_TABLE_BASE + slot,
    })),
  };
  if (facts === null) return { known: false, ...places, present: [], missing: [], problems };
  const rules = facts.rules.filter(isOurRule).sort((a, b) => a.priority - b.priority);
  const present = [
    ...rules.map((rule) => ({ kind: "apply-rule", rule }) as const),
    ...facts.routes.filter(isOurRoute).map((route) => ({ kind: "apply-route", route }) as const),
  ];
  const missing = diff(desiredState(plan, facts, keeper.gateways), facts);
  return {
    known: true,
    ...places,
    present: asIpCommands(present, facts.links),
    missing: asIpCommands(missing, facts.links),
    problems,
  };
}
