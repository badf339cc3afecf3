/** The part of the page about the failover: where each policy's traffic is, and the last events. */

import { html } from "hono/html";
import type { RecordedEvent } from "../../controller/failover/ports.ts";
import type { FailoverView, PolicyBody } from "./failover-view.ts";
import type { Html } from "./page.ts";
import { utcTime } from "./page.ts";

const EVENTS_MAX = 10;

/** Empty where there is no policy. */
export function failoverPart(view: FailoverView): Html | string {
  const { policies } = view.snapshot();
  if (policies.length === 0) return "";
  return html`<table>
<thead><tr><th>Policy</th><th>Active path</th><th class="wide">Primary, backups</th>
<th class="n">Failovers</th><th class="wide">Standing orders</th></tr></thead>
<tbody>${policies.map(policyRow)}</tbody>
</table>
${eventTable(view)}`;
}

function policyRow(policy: PolicyBody): Html {
  return html`<tr>
<td>${policy.name}<small>policy ${policy.policy_id}</small></td>
<td><span class="s ${stateOf(policy)}">${activeText(policy)}</span></td>
<td class="wide">${[policy.primary_path_id, ...policy.backup_path_ids].join(", ")}</td>
<td class="n">${policy.failover_count}</td>
<td class="wide">${standingOrders(policy)}</td>
</tr>
`;
}

/** Colours of the paths: on the primary, on a backup, nowhere, not known. */
function stateOf({ all_down_now, enabled, active_path_id, using_primary }: PolicyBody): string {
  if (all_down_now) return "down";
  if (!enabled || active_path_id === null) return "unknown";
  return using_primary ? "up" : "degraded";
}

function activeText({ active_path_id: ipv4, active_path_id_v6: ipv6 }: PolicyBody): string {
  if (ipv4 === null && ipv6 === null) return "not known";
  if (ipv6 === null || ipv4 === ipv6) return ipv4 ?? "";
  return ipv4 === null ? ipv6 : `${ipv4}, IPv6 ${ipv6}`;
}

function standingOrders({ enabled, pin, hold, maintenance }: PolicyBody): string {
  const orders = maintenance.map(({ path_id }) => `${path_id} in maintenance`);
  if (hold !== null) orders.unshift(`held by ${hold.author}`);
  if (pin !== null) orders.unshift(`pinned to ${pin.path_id} by ${pin.author}`);
  if (!enabled) orders.unshift("disabled");
  return orders.join(", ");
}

function eventTable(view: FailoverView): Html | string {
  const all = { since: null, until: null, cursor: null, policy: null, path: null, type: null };
  const query = { ...all, order: "newest-first", limit: EVENTS_MAX } as const;
  const { records } = view.events(query);
  if (records.length === 0) return "";
  return html`<table>
<thead><tr><th>Time</th><th>Policy</th><th>Event</th><th class="wide">Move</th><th>Reason</th></tr>
</thead>
<tbody>${records.map(eventRow)}</tbody>
</table>`;
}

function eventRow(event: RecordedEvent): Html {
  const { at, policy, type, from, to, reason } = event;
  return html`<tr>
<td>${utcTime(at / 1_000)}</td><td>${policy}</td><td>${type}</td>
<td class="wide">${to === null ? "" : `${from ?? "?"} to ${to}`}</td><td>${reason}</td>
</tr>
`;
}
