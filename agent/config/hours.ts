/** Spans of the day and of the week, as texts: what alerts and updates are timed with. */

import { isTimeZone } from "../domain/calendar.ts";
import type { TextForm } from "./section.ts";
import { textForm } from "./section.ts";

export const DAYS = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];
export const DAY_FORM = textForm(/^(sun|mon|tue|wed|thu|fri|sat)$/, `one of ${DAYS.join(", ")}`);
export const TIME_FORM = textForm(/^([01]\d|2[0-3]):[0-5]\d$/, `a time such as "22:00"`);
export const ZONE_FORM: TextForm = {
  want: "the name of a time zone such as Europe/Berlin",
  accepts: isTimeZone,
};

/** Minutes of the day; null, which was reported, counts as midnight. */
export function minuteOf(time: string | null): number {
  const [hours = "0", minutes = "0"] = (time ?? "0:0").split(":");
  return Number(hours) * 60 + Number(minutes);
}
