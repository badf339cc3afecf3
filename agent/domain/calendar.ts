/**
 * Calendar months and days of a time zone as spans of Unix time. A day begins with the first moment
 * that the zone calls by its date: so days are 23, 24 or 25 hours long, one that begins in a gap of
 * the clock begins behind the gap, and neighbours share their edge.
 */

import { invariant } from "./invariant.ts";
import type { UnixSeconds } from "./units.ts";
import { unixSeconds } from "./units.ts";

export interface CalendarDay {
  /** 2026-10-25 */
  readonly date: string;
  readonly from: UnixSeconds;
  readonly to: UnixSeconds;
}

export interface CalendarMonth {
  /** 2026-10 */
  readonly month: string;
  readonly timezone: string;
  readonly from: UnixSeconds;
  readonly to: UnixSeconds;
  readonly days: readonly CalendarDay[];
}

/** Farther than any zone has ever been from UTC. */
const OFFSET_MAX_SECS = 16 * 3_600;
const MONTH = /^(\d{4})-(0[1-9]|1[0-2])$/;
const FIRST_YEAR = 1971;
const MS_PER_S = 1_000;

const formats = new Map<string, Intl.DateTimeFormat>();

export function isTimeZone(name: string): boolean {
  try {
    formatOf(name);
    return true;
  } catch {
    return false;
  }
}

/** null: not a month of a form such as 2026-10. */
export function calendarMonth(month: string, timezone: string): CalendarMonth | null {
  const [, yearText, monthText] = MONTH.exec(month) ?? [];
  const year = Number(yearText);
  if (monthText === undefined || year < FIRST_YEAR) return null;
  const first = Date.UTC(year, Number(monthText) - 1, 1);
  const count = new Date(Date.UTC(year, Number(monthText), 0)).getUTCDate();
  const edges = Array.from({ length: count + 1 }, (_, i) =>
    startOfDate(new Date(Date.UTC(year, Number(monthText) - 1, 1 + i)), timezone),
  );
  const [from, to] = [edges[0], edges.at(-1)];
  invariant(from !== undefined && to !== undefined, "a month without days");
  const days = edges.slice(0, -1).map((start, i) => ({
    date: isoDate(new Date(first + i * 86_400 * MS_PER_S)),
    from: start,
    to: edges[i + 1] ?? to,
  }));
  return { month, timezone, from, to, days };
}

/** The month that a moment lies in. */
export function monthAt(time: UnixSeconds, timezone: string): string {
  return localDate(time, timezone).slice(0, "2026-10".length);
}

/** Local date and time of a moment: 2026-10-25 02:30. */
export function localTime(time: UnixSeconds, timezone: string): string {
  const parts = partsOf(time, timezone);
  return `${localDate(time, timezone)} ${parts.get("hour")}:${parts.get("minute")}`;
}

/** The first second that the zone calls by this date or a later one. */
function startOfDate(date: Date, timezone: string): UnixSeconds {
  const wanted = isoDate(date);
  const noon = date.getTime() / MS_PER_S;
  let before = noon - OFFSET_MAX_SECS;
  let reached = noon + OFFSET_MAX_SECS;
  while (reached - before > 1) {
    const middle = Math.floor((before + reached) / 2);
    if (localDate(unixSeconds(middle), timezone) >= wanted) reached = middle;
    else before = middle;
  }
  return unixSeconds(reached);
}

function isoDate(date: Date): string {
  return date.toISOString().slice(0, "2026-10-25".length);
}

function localDate(time: UnixSeconds, timezone: string): string {
  const parts = partsOf(time, timezone);
  const year = (parts.get("year") ?? "").padStart(4, "0");
  return `${year}-${parts.get("month")}-${parts.get("day")}`;
}

function partsOf(time: UnixSeconds, timezone: string): Map<string, string> {
  const parts = formatOf(timezone).formatToParts(time * MS_PER_S);
  return new Map(parts.map(({ type, value }) => [type, value]));
}

/** Throws a RangeError for a name that is no time zone. */
function formatOf(timezone: string): Intl.DateTimeFormat {
  const known = formats.get(timezone);
  if (known !== undefined) return known;
  const format = new Intl.DateTimeFormat("en-u-ca-gregory", {
    timeZone: timezone,
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
  });
  formats.set(timezone, format);
  return format;
}
