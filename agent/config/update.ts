/** New releases of the program: where from, when, and how long one must prove itself. */

import type { UpdateConfig, UpdateWindow } from "../domain/update.ts";
import { UPDATE_KEEPS } from "../domain/update.ts";
import { FILE_FORM } from "./host.ts";
import { DAY_FORM, DAYS, minuteOf, TIME_FORM, ZONE_FORM } from "./hours.ts";
import type { KeyOf } from "./keys.ts";
import { KEYS } from "./keys.ts";
import { URL_FORM } from "./otlp-forms.ts";
import type { Section } from "./section.ts";
import {
  has,
  itemAt,
  openSection,
  readChoice,
  readDuration,
  readFlag,
  readList,
  readText,
  readTexts,
  rejectKey,
  requireText,
  subsection,
  textForm,
} from "./section.ts";

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

export const DEFAULT_UPDATE: UpdateConfig = {
  url: null,
  channel: "stable",
  keys_file: null,
  automatic: false,
  windows: [],
  check_interval_secs: 6 * HOUR,
  jitter_secs: HOUR,
  trial_secs: 10 * MINUTE,
  keep: "auto",
};

const CHANNEL_FORM = textForm(/^[a-z0-9][a-z0-9-]{0,31}$/, "1 to 32 of a-z, 0-9 and -");

export function readUpdate(root: Section<KeyOf<"root">>): UpdateConfig {
  const section = subsection(root, "update", KEYS.update);
  const base = DEFAULT_UPDATE;
  const url = readText(section, "url", URL_FORM, null);
  const automatic = readFlag(section, "automatic", base.automatic);
  if (automatic && url === null) {
    rejectKey(section, "automatic", "want url too: without it there is nothing to take");
  }
  return {
    url: url === null ? null : url.replace(/\/*$/, "/"),
    channel: readText(section, "channel", CHANNEL_FORM, base.channel),
    keys_file: readText(section, "keys_file", FILE_FORM, null),
    automatic,
    windows: readWindows(section),
    check_interval_secs: readDuration(
      section,
      "check_interval",
      { min: MINUTE, max: 30 * DAY },
      base.check_interval_secs,
    ),
    jitter_secs: readDuration(section, "jitter", { min: 0, max: 7 * DAY }, base.jitter_secs),
    trial_secs: readDuration(section, "trial", { min: 5, max: DAY }, base.trial_secs),
    keep: readChoice(section, "keep", UPDATE_KEEPS, base.keep),
  };
}

/** One, or a list of them. */
function readWindows(parent: Section<KeyOf<"update">>): readonly UpdateWindow[] {
  if (!has(parent, "window")) return [];
  const item = itemAt(parent, "window");
  const items = item.raw.kind === "map" ? [item] : readList(parent, "window");
  return items.map((one) => {
    const section = openSection(one, KEYS.updateWindow, parent.report);
    return {
      from: minuteOf(requireText(section, "from", TIME_FORM)),
      to: minuteOf(requireText(section, "to", TIME_FORM)),
      days: readTexts(section, "days", DAY_FORM).map((day) => DAYS.indexOf(day)),
      time_zone: readText(section, "time_zone", ZONE_FORM, "UTC"),
    };
  });
}
