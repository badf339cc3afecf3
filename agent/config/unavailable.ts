/**
 * Sections of the configuration whose features are not built in this version. Switched off they
 * are accepted; whatever asks for the feature is a problem, because silence would look like work.
 */

import type { KeyOf } from "./keys.ts";
import type { Section } from "./section.ts";
import { complain, readEntries, readList } from "./section.ts";

export function rejectUnavailable(root: Section<KeyOf<"root">>): void {
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
