/** The metrics about updates of the program; without any there are none. */

import { UPDATE_ACTIVITIES, UPDATE_STEPS } from "../../../domain/update.ts";
import type { UpdateBody } from "../update-view.ts";
import type { Family } from "./families.ts";
import { familyHeader } from "./families.ts";

const PREFIX = "patronus_update_";

interface UpdateFamily extends Family {
  lines(body: UpdateBody): readonly string[];
}

const FAMILIES: readonly UpdateFamily[] = [
  {
    name: `${PREFIX}state`,
    kind: "gauge",
    help: "1 for what the updater does now.",
    lines: ({ activity }) =>
      UPDATE_ACTIVITIES.map((name) => `{state="${name}"} ${name === activity ? 1 : 0}`),
  },
  {
    name: `${PREFIX}running_release`,
    kind: "gauge",
    help: "Number of the release that runs; 0: a build that is none.",
    lines: ({ running }) => [` ${running.release}`],
  },
  {
    name: `${PREFIX}available_release`,
    kind: "gauge",
    help: "Number of the newer release on the server; absent: there is none.",
    lines: ({ available }) => (available === null ? [] : [` ${available.release}`]),
  },
  {
    name: `${PREFIX}payload_bytes`,
    kind: "gauge",
    help: "What has to be loaded for it.",
    lines: ({ available }) => (available === null ? [] : [` ${available.octets}`]),
  },
  {
    name: `${PREFIX}refused_files`,
    kind: "gauge",
    help: "Releases that failed here and are not tried again.",
    lines: ({ refused }) => [` ${refused.length}`],
  },
  {
    name: `${PREFIX}last_check_timestamp_seconds`,
    kind: "gauge",
    help: "When the server was asked last.",
    lines: ({ last_check: check }) => (check === null ? [] : [` ${check.at}`]),
  },
  {
    name: `${PREFIX}last_step_timestamp_seconds`,
    kind: "gauge",
    help: "When a release last did this here, of the last sixteen steps.",
    lines: ({ steps }) =>
      UPDATE_STEPS.flatMap((name) => {
        const last = steps.findLast(({ step }) => step === name);
        return last === undefined ? [] : [`{step="${name}"} ${last.at}`];
      }),
  },
];

export function updateMetrics(body: UpdateBody | null, openMetrics: boolean): string {
  if (body === null) return "";
  return FAMILIES.map((family) => {
    const lines = family.lines(body);
    if (lines.length === 0) return "";
    return (
      familyHeader(family, openMetrics) + lines.map((line) => `${family.name}${line}\n`).join("")
    );
  }).join("");
}
