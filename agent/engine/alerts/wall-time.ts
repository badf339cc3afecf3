/** The wall clock of a time zone, for quiet hours. Daylight saving is the zone database's work. */

import type { QuietHours } from "../../domain/alerts.ts";
import type { UnixMillis } from "../../domain/units.ts";

export interface LocalTime {
  /** Minutes since midnight. */
  readonly minute: number;
  /** 0 is Sunday. */
  readonly day: number;
}

const MINUTES_PER_HOUR = 60;
const DAYS = 7;
const WEEKDAYS = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];

const formats = new Map<string, Intl.DateTimeFormat>();

/** The zone must be one that `isTimeZone` accepts. */
export function localTime(at: UnixMillis, zone: string): LocalTime {
  const parts = formatOf(zone).formatToParts(at);
  const part = (type: string) => parts.find((one) => one.type === type)?.value ?? "";
  return {
    minute: Number(part("hour")) * MINUTES_PER_HOUR + Number(part("minute")),
    day: WEEKDAYS.indexOf(part("weekday")),
  };
}

export function isQuiet(hours: QuietHours, at: UnixMillis): boolean {
  const { minute, day } = localTime(at, hours.time_zone);
  const { from, to } = hours;
  if (from < to) return minute >= from && minute < to && begins(hours, day);
  // Over midnight: the morning belongs to the day before.
  if (minute >= from) return begins(hours, day);
  return minute < to && begins(hours, (day + DAYS - 1) % DAYS);
}

function begins({ days }: QuietHours, day: number): boolean {
  return days.length === 0 || days.includes(day);
}

/** Made once: a format costs a millisecond. */
function formatOf(zone: string): Intl.DateTimeFormat {
  const known = formats.get(zone);
  if (known !== undefined) return known;
  const made = new Intl.DateTimeFormat("en-US", {
    timeZone: zone,
    weekday: "short",
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
  });
  formats.set(zone, made);
  return made;
}
