/** A configuration text as the readers of its sections take it. */

import { readDocument } from "../../agent/config/document.ts";
import type { KeyOf } from "../../agent/config/keys.ts";
import { KEYS } from "../../agent/config/keys.ts";
import type { Report } from "../../agent/config/problem.ts";
import type { Section } from "../../agent/config/section.ts";
import { openSection } from "../../agent/config/section.ts";

/** Throws when the text is no YAML map: a mistake of the test. */
export function rootOf(text: string, report: Report): Section<KeyOf<"root">> {
  const raw = readDocument({ name: "test.yaml", text }, {}, report);
  if (raw === null) throw new Error(report.problems.map(({ message }) => message).join());
  return openSection({ raw, key: "" }, KEYS.root, report);
}
