/**
 * The metrics about policies and switches, as plain strings: at most some hundred lines. The first
 * three names are given and kept to the letter, so one gauge ends in `_total`. What is not known is
 * an absent line.
 */

import type { FailoverMetrics, PolicyMetrics, SwitchDurations } from "../failover-view.ts";
import type { Family } from "./families.ts";
import { familyHeader } from "./families.ts";
import { escapeLabel } from "./label-arena.ts";

const PREFIX = "patronus_sdwan_";

const POLICIES: Family = {
  name: `${PREFIX}failover_policies_total`,
  kind: "gauge",
  help: "Failover policies there are.",
};
const ACTIVE_PATH: Family = {
  name: `${PREFIX}failover_active_path`,
  kind: "gauge",
  help: "1 while the policy uses its primary path, 0 on a backup.",
};
const COUNT: Family = {
  name: `${PREFIX}failover_count_total`,
  kind: "counter",
  help: "Times the policy left its primary path.",
};
const POLICY_ACTIVE: Family = {
  name: `${PREFIX}failover_policy_active`,
  kind: "gauge",
  help: "1 for the path that the policy uses, 0 for its others.",
};
const PENDING: Family = {
  name: `${PREFIX}failover_records_pending`,
  kind: "gauge",
  help: "Events and audit records not yet on disk.",
};
const DROPPED: Family = {
  name: `${PREFIX}failover_records_dropped_total`,
  kind: "counter",
  help: "Events and audit records lost because the disk stayed away.",
};
const SWITCHES = `${PREFIX}route_switch_seconds`;

export function failoverMetrics(metrics: FailoverMetrics, openMetrics: boolean): string {
  const { policies, switches, pendingRecords, droppedRecords } = metrics;
  const known = policies.filter(({ active }) => active !== null);
  const block = (family: Family, lines: readonly string[]) =>
    lines.length === 0 ? "" : familyHeader(family, openMetrics) + lines.join("");
  return [
    block(POLICIES, [`${POLICIES.name} ${policies.length}\n`]),
    block(ACTIVE_PATH, known.map(activeLine)),
    block(COUNT, policies.map(countLine)),
    block(POLICY_ACTIVE, known.flatMap(pathLines)),
    switchLines(switches),
    block(PENDING, [`${PENDING.name} ${pendingRecords}\n`]),
    block(DROPPED, [`${DROPPED.name} ${droppedRecords}\n`]),
  ].join("");
}

function labelsOf({ id, name }: PolicyMetrics): string {
  return `policy_id="${id}",policy_name="${escapeLabel(name)}"`;
}

function activeLine(policy: PolicyMetrics): string {
  return `${ACTIVE_PATH.name}{${labelsOf(policy)}} ${Number(policy.usingPrimary)}\n`;
}

function countLine(policy: PolicyMetrics): string {
  return `${COUNT.name}{${labelsOf(policy)}} ${policy.failovers}\n`;
}

/** A path that was taken out of the policy while traffic still uses it has a line too. */
function pathLines({ id, active, paths }: PolicyMetrics): string[] {
  const all = active === null || paths.includes(active) ? paths : [...paths, active];
  return all.map(
    (path) =>
      `${POLICY_ACTIVE.name}{policy_id="${id}",path_id="${escapeLabel(path)}"} ` +
      `${Number(path === active)}\n`,
  );
}

/** The same lines in every format: a histogram has no suffix to take off. */
function switchLines({ bounds, counts, count, sum }: SwitchDurations): string {
  const help = "Time from the order of a switch to the verified route.";
  const buckets = bounds.map((bound, i) => bucketLine(boundText(bound), counts[i] ?? 0));
  return (
    `# HELP ${SWITCHES} ${help}\n# TYPE ${SWITCHES} histogram\n${buckets.join("")}` +
    `${bucketLine("+Inf", count)}${SWITCHES}_sum ${sum}\n${SWITCHES}_count ${count}\n`
  );
}

function bucketLine(bound: string, count: number): string {
  return `${SWITCHES}_bucket{le="${bound}"} ${count}\n`;
}

/** OpenMetrics wants `1.0`, and one text for both keeps the series the same. */
function boundText(bound: number): string {
  return Number.isInteger(bound) ? `${bound}.0` : String(bound);
}
