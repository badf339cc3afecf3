/**
 * Sections of the configuration whose features are not built in this version. Switched off they
 * are accepted; whatever asks for the feature is a problem, because silence would look like work.
 */

import type { KeyOf } from "./keys.ts";
import { KEYS } from "./keys.ts";
import type { Section } from "./section.ts";
import {
  complain,
  has,
  readChoice,
  readDuration,
  readEntries,
  readInteger,
  readList,
  rejectKey,
  subsection,
} from "./section.ts";

const DAY = 86_400;

export function rejectUnavailable(root: Section<KeyOf<"root">>): void {
  checkOtlp(subsection(root, "otlp", KEYS.otlp));
  for (const { raw, key } of readList(root, "alerts")) {
    complain(root.report, raw.place, key, unavailable("alerts"));
  }
  for (const section of ["update"] as const) {
    for (const [, { raw, key }] of readEntries(root, section)) {
      complain(root.report, raw.place, key, unavailable(section));
    }
  }
}

function unavailable(what: string): string {
  return `remove it: ${what} is not available in this version`.replace("alerts is", "alerts are");
}

/** Without an endpoint nothing is sent, so the other keys may stand. */
function checkOtlp(section: Section<KeyOf<"otlp">>): void {
  if (has(section, "endpoint")) rejectKey(section, "endpoint", unavailable("OTLP export"));
  readInteger(section, "interval_secs", { min: 1, max: DAY, unit: "s" }, 60);
  readChoice(section, "compression", ["gzip", "none"], "gzip");
  readEntries(section, "headers");
  const queue = subsection(section, "queue", KEYS.queue);
  readInteger(queue, "max_mb", { min: 1, max: 65_536, unit: "MB" }, 16);
  readDuration(queue, "max_age", { min: 60, max: 365 * DAY }, 7 * DAY);
}
