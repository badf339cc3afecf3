/** Our rules and routes as rows that say whose they are. */

import type { KernelRoute, KernelRule } from "../../domain/kernel-net.ts";
import {
  PATH_RULE_BASE,
  PATH_TABLE_BASE,
  POLICY_RULE_FIRST,
  POLICY_SLOT_MAX,
  POLICY_TABLE_BASE,
} from "../../domain/kernel-net.ts";
import { alignedLines } from "../../io/table.ts";
import { isOurRoute, isOurRule } from "../../routing/facts.ts";
import { asIpCommands } from "../../routing/ip-commands.ts";
import type { SlotBook } from "../../routing/slots.ts";
import type { KernelState } from "../../worker/netlink/state-reader.ts";

export interface Owner {
  readonly path_id: string | null;
  readonly policy_id: number | null;
  /** Number of the table beyond its base; null: of all policies together. */
  readonly slot: number | null;
}

export interface RuleRow extends Owner {
  readonly family: 4 | 6;
  readonly priority: number;
  /** In the words of `ip rule`, without the priority. */
  readonly rule: string;
}

export interface RouteRow extends Owner {
  readonly family: 4 | 6;
  readonly table: number;
  readonly metric: number;
  /** In the words of `ip route`. */
  readonly route: string;
}

const COMMON: Owner = { path_id: null, policy_id: null, slot: null };

export function ruleRows(state: KernelState, book: SlotBook): readonly RuleRow[] {
  return state.rules.filter(isOurRule).map((rule) => {
    const [command = ""] = asIpCommands([{ kind: "apply-rule", rule }], state.links);
    const text = command.replace(/^.* priority \d+ /, "").replace(/ protocol \d+$/, "");
    const { family, priority } = rule;
    return { family, priority, rule: text, ...ownerOfRule(rule, book) };
  });
}

export function routeRows(state: KernelState, book: SlotBook): readonly RouteRow[] {
  return state.routes.filter(isOurRoute).map((route) => {
    const [command = ""] = asIpCommands([{ kind: "apply-route", route }], state.links);
    const text = command.replace(/^ip -\d route replace /, "").replace(/ table .*$/, "");
    const { family, table, metric } = route;
    return { family, table, metric, route: text, ...ownerOfRoute(route, book) };
  });
}

function ownerOfRule({ priority, table }: KernelRule, book: SlotBook): Owner {
  if (priority < POLICY_RULE_FIRST) return pathOwner((priority - PATH_RULE_BASE) >> 2, book);
  // Table main, 254, lies behind those of the policies.
  const isLookup = table <= POLICY_TABLE_BASE + POLICY_SLOT_MAX;
  return isLookup ? policyOwner(table - POLICY_TABLE_BASE, book) : COMMON;
}

function ownerOfRoute({ table }: KernelRoute, book: SlotBook): Owner {
  return table >= PATH_TABLE_BASE
    ? pathOwner(table - PATH_TABLE_BASE, book)
    : policyOwner(table - POLICY_TABLE_BASE, book);
}

function pathOwner(slot: number, { paths }: SlotBook): Owner {
  const path_id = [...paths].find(([, one]) => one === slot)?.[0] ?? null;
  return { path_id, policy_id: null, slot };
}

function policyOwner(slot: number, { policies }: SlotBook): Owner {
  const policy_id = [...policies].find(([, one]) => one === slot)?.[0] ?? null;
  return { path_id: null, policy_id, slot };
}

function ownerText({ path_id, policy_id, slot }: Owner): string {
  if (path_id !== null) return `path ${path_id}`;
  if (policy_id !== null) return `policy ${policy_id}`;
  return slot === null ? "all policies" : `slot ${slot}, not configured`;
}

const RULE_HEADINGS = [
  { heading: "IP", align: "right" },
  { heading: "PRIORITY", align: "right" },
  { heading: "RULE", align: "left" },
  { heading: "FOR", align: "left" },
] as const;
const ROUTE_HEADINGS = [
  { heading: "IP", align: "right" },
  { heading: "TABLE", align: "right" },
  { heading: "METRIC", align: "right" },
  { heading: "ROUTE", align: "left" },
  { heading: "FOR", align: "left" },
] as const;

export function ruleLines(rows: readonly RuleRow[]): string[] {
  return alignedLines(
    RULE_HEADINGS,
    rows.map((row) => [`${row.family}`, `${row.priority}`, row.rule, ownerText(row)]),
  );
}

export function routeLines(rows: readonly RouteRow[]): string[] {
  return alignedLines(
    ROUTE_HEADINGS,
    rows.map((row) => [
      `${row.family}`,
      `${row.table}`,
      `${row.metric}`,
      row.route,
      ownerText(row),
    ]),
  );
}
