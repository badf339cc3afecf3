/** Policies as text: the table, one in full, and the answer to an order. */

import type { PolicyBody } from "../io/http/failover-view.ts";
import type { Heading } from "../io/table.ts";
import { alignedLines } from "../io/table.ts";

const HEADINGS: readonly Heading[] = [
  { heading: "ID", align: "right" },
  { heading: "NAME", align: "left" },
  { heading: "ACTIVE", align: "left" },
  { heading: "ACTIVE v6", align: "left" },
  { heading: "PRIMARY", align: "left" },
  { heading: "BACKUPS", align: "left" },
  { heading: "FAILOVERS", align: "right" },
  { heading: "STATE", align: "left" },
];

export function policyTable(policies: readonly PolicyBody[]): string[] {
  if (policies.length === 0) return ["no policies"];
  const rows = policies.map((policy) => [
    String(policy.policy_id),
    policy.name,
    policy.active_path_id ?? "-",
    policy.active_path_id_v6 ?? "-",
    policy.primary_path_id,
    policy.backup_path_ids.join(","),
    String(policy.failover_count),
    stateOf(policy).join(", "),
  ]);
  return alignedLines(HEADINGS, rows);
}

/** The answer to an order. */
export function policyLine(policy: PolicyBody): string {
  const { policy_id, name, active_path_id, active_path_id_v6 } = policy;
  const active = active_path_id ?? active_path_id_v6 ?? "not known";
  return `policy ${policy_id} ${name}: active path ${active}; ${stateOf(policy).join(", ")}`;
}

/** What stands in the way of deciding by scores alone; else where traffic is. */
function stateOf(policy: PolicyBody): string[] {
  const { pin, hold, maintenance, pending_path_id, pending_path_id_v6 } = policy;
  const states: string[] = [];
  if (!policy.enabled) states.push("disabled");
  if (policy.all_down_now) states.push("all paths down");
  const pending = pending_path_id ?? pending_path_id_v6;
  if (pending !== null) states.push(`switching to ${pending}`);
  if (pin !== null) states.push(`pinned to ${pin.path_id} (${pin.mode})${ending(pin)}`);
  if (hold !== null) states.push(`held${hold.strict ? " strictly" : ""}${ending(hold)}`);
  for (const one of maintenance) states.push(`${one.path_id} in maintenance${ending(one)}`);
  if (states.length > 0) return states;
  return [policy.using_primary ? "on primary" : "on backup"];
}

function ending({
  author,
  expires_at,
}: Pick<PolicyBody["maintenance"][0], "author" | "expires_at">) {
  return ` by ${author}${expires_at === null ? "" : ` until ${when(expires_at)}`}`;
}

export function policyText(policy: PolicyBody): string[] {
  const rows: readonly (readonly [string, string])[] = [
    ["policy", `${policy.policy_id} ${policy.name} (from the ${policy.origin})`],
    ["state", stateOf(policy).join(", ")],
    ["active path", policy.active_path_id ?? "-"],
    ["active path v6", policy.active_path_id_v6 ?? "-"],
    ["primary", policy.primary_path_id],
    ["backups", policy.backup_path_ids.join(", ")],
    ["leaves below", `${policy.failover_threshold}, for a path ${policy.min_improvement} better`],
    ["returns from", `${policy.failback_threshold}, after ${policy.failback_delay_secs} s`],
    ["backup from", String(policy.backup_threshold)],
    ["dwell", `${policy.dwell_secs} s`],
    ["all down", policy.all_down],
    ["flows", policy.flows],
    ["route", policy.route === null ? "none: decides and reports only" : routeText(policy.route)],
    ["failovers", `${policy.failover_count}, back ${policy.failback_count}`],
  ];
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, value]) => `${name.padEnd(width)}  ${value}`);
}

function routeText({ match, ipv6 }: NonNullable<PolicyBody["route"]>): string {
  const selectors = match.map((one) =>
    Object.entries(one)
      .filter(([, value]) => value !== null)
      .map(([key, value]) => `${key} ${typeof value === "object" ? JSON.stringify(value) : value}`)
      .join(" "),
  );
  return `${selectors.join("; ")} (IPv6: ${ipv6})`;
}

/** 2026-11-23 16:50:00Z */
export function when(seconds: number): string {
  return new Date(Math.floor(seconds) * 1_000).toISOString().replace("T", " ").replace(".000", "");
}
