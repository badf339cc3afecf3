/** New releases of the program. */

import { UPDATE_KEEPS } from "../../domain/update.ts";
import { DEFAULT_UPDATE } from "../update.ts";
import { FILE } from "./forms.ts";
import type { SectionName, SectionSpecs, Spec } from "./spec.ts";

const WINDOW: Spec = { kind: "section", of: "updateWindow", help: "when one may be taken" };

function time(help: string): Spec {
  return { kind: "text", help, pattern: "^\\d\\d:\\d\\d$", required: true };
}

export const UPDATE_TABLE: Readonly<Partial<Record<SectionName, SectionSpecs>>> = {
  update: {
    url: { kind: "text", help: "folder of a static server", nullable: true, default: null },
    channel: {
      kind: "text",
      help: "of releases",
      pattern: "^[a-z0-9][a-z0-9-]{0,31}$",
      default: DEFAULT_UPDATE.channel,
    },
    keys_file: {
      kind: "text",
      help: "root keys besides those in the program",
      pattern: FILE,
      nullable: true,
      default: null,
    },
    automatic: { kind: "flag", help: "without being told", default: false },
    window: {
      kind: "forms",
      forms: [WINDOW, { kind: "list", of: WINDOW, help: "several windows" }],
      help: "when one may be taken by itself; default: at any time",
      nullable: true,
    },
    check_interval: { kind: "duration", help: "between looks", default: "6h" },
    jitter: { kind: "duration", help: "up to this much later, by node", default: "1h" },
    trial: { kind: "duration", help: "how long a release must be well", default: "10m" },
    keep: {
      kind: "choice",
      help: "of the release before",
      choices: UPDATE_KEEPS,
      default: DEFAULT_UPDATE.keep,
    },
  },
  updateWindow: {
    from: time("hh:mm"),
    to: time("hh:mm, maybe of the next day"),
    days: {
      kind: "list",
      of: {
        kind: "choice",
        help: "day",
        choices: ["sun", "mon", "tue", "wed", "thu", "fri", "sat"],
      },
      help: "on which it begins",
    },
    time_zone: { kind: "text", help: "such as Europe/Berlin", default: "UTC" },
  },
};
