/** Who this box is: the labels of every surface that leaves it. */

import type { NodeConfig } from "../domain/config.ts";
import type { KeyOf } from "./keys.ts";
import { KEYS } from "./keys.ts";
import { quote, shown } from "./raw.ts";
import type { Section } from "./section.ts";
import { complain, readEntries, readText, rejectKey, subsection, textForm } from "./section.ts";

const ID_FORM = textForm(/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/, "1 to 63 of letters, digits, . _ -");
const SITE_FORM = textForm(/^[^\p{Cc}\p{Zl}\p{Zp}]{0,128}$/u, "at most 128 printable characters");
/** Label names of the Prometheus data model; a double underscore is its own. */
const LABEL_NAME = /^(?!__)[A-Za-z_][A-Za-z0-9_]{0,62}$/;
/** Every label goes along with every sample. */
const LABELS_MAX = 32;

/** `defaultId` when the file names none. */
export function readNode(root: Section<KeyOf<"root">>, defaultId: string): NodeConfig {
  const section = subsection(root, "node", KEYS.node);
  return {
    id: readText(section, "id", ID_FORM, defaultId),
    site: readText(section, "site", SITE_FORM, ""),
    labels: readLabels(section),
  };
}

function readLabels(section: Section<KeyOf<"node">>): Readonly<Record<string, string>> {
  const entries = readEntries(section, "labels");
  if (entries.length > LABELS_MAX) {
    rejectKey(section, "labels", `cannot use ${entries.length}: want at most ${LABELS_MAX}`);
  }
  const labels: [string, string][] = [];
  for (const [name, { raw, key }] of entries) {
    const value = raw.kind === "scalar" && typeof raw.value === "string" ? raw.value : null;
    if (!LABEL_NAME.test(name)) {
      const message = `cannot use the name ${quote(name)}: want letters, digits and _`;
      complain(section.report, raw.place, key, message);
    } else if (value !== null && SITE_FORM.accepts(value)) {
      labels.push([name, value]);
    } else if (raw.kind !== "rejected") {
      const want = value === null ? "text, in quotes" : SITE_FORM.want;
      complain(section.report, raw.place, key, `cannot use ${shown(raw)}: want ${want}`);
    }
  }
  return Object.fromEntries(labels);
}
