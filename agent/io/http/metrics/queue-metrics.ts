/** The metrics about the OTLP queue; without one there are none. */

import type { DestinationState, QueueState } from "../../../controller/queue/ports.ts";
import { DROP_REASONS } from "../../../domain/drop-reason.ts";
import type { Family } from "./families.ts";
import { familyHeader } from "./families.ts";
import { escapeLabel } from "./label-arena.ts";

const PREFIX = "patronus_otlp_";

interface QueueFamily extends Family {
  read(state: DestinationState): number | null;
}

const FAMILIES: readonly QueueFamily[] = [
  {
    name: `${PREFIX}queue_items`,
    kind: "gauge",
    help: "Requests that wait for delivery.",
    read: ({ items }) => items,
  },
  {
    name: `${PREFIX}queue_bytes`,
    kind: "gauge",
    help: "Size of what waits.",
    read: ({ bytes }) => bytes,
  },
  {
    name: `${PREFIX}queue_oldest_age_seconds`,
    kind: "gauge",
    help: "Age of the oldest request that waits.",
    read: ({ oldest_age_secs }) => oldest_age_secs,
  },
  {
    name: `${PREFIX}delivered_total`,
    kind: "counter",
    help: "Requests that the receiver took.",
    read: ({ delivered }) => delivered,
  },
  {
    name: `${PREFIX}rejected_total`,
    kind: "counter",
    help: "Points and records that partial successes refused.",
    read: ({ rejected }) => rejected,
  },
  {
    name: `${PREFIX}retries_total`,
    kind: "counter",
    help: "Attempts that failed and are repeated.",
    read: ({ retries }) => retries,
  },
];

const DROPPED: Family = {
  name: `${PREFIX}dropped_total`,
  kind: "counter",
  help: "Requests that were not delivered, by reason.",
};

export function queueMetrics(queue: QueueState | null, openMetrics: boolean): string {
  const lanes = (queue?.destinations ?? []).filter(({ name }) => name.startsWith("otlp:"));
  if (lanes.length === 0) return "";
  const labelled = lanes.map((state) => ({
    state,
    label: `destination="${escapeLabel(state.name.slice("otlp:".length))}"`,
  }));
  const blocks = FAMILIES.map((family) => {
    const lines = labelled.map(({ state, label }) => {
      const value = family.read(state);
      return value === null ? "" : `${family.name}{${label}} ${value}\n`;
    });
    return lines.every((line) => line === "")
      ? ""
      : familyHeader(family, openMetrics) + lines.join("");
  });
  const dropped = labelled.flatMap(({ state, label }) =>
    DROP_REASONS.map(
      (reason) => `${DROPPED.name}{${label},reason="${reason}"} ${state.dropped[reason]}\n`,
    ),
  );
  return blocks.join("") + familyHeader(DROPPED, openMetrics) + dropped.join("");
}
