import { describe, expect, test } from "bun:test";
import { calendarMonth, isTimeZone, localTime, monthAt } from "../../../agent/domain/calendar.ts";
import { unixSeconds } from "../../../agent/domain/units.ts";
import { fc } from "../../support/property.ts";

function monthOf(month: string, timezone: string) {
  const made = calendarMonth(month, timezone);
  if (made === null) throw new Error(`no month ${month}`);
  return made;
}

const utc = (text: string) => Date.parse(text) / 1_000;
const HOUR = 3_600;

describe("calendarMonth()", () => {
  test("October in Berlin is an hour longer: its days come from two offsets", () => {
    const month = monthOf("2026-10", "Europe/Berlin");
    expect(month.from).toBe(unixSeconds(utc("2026-09-30T22:00Z")));
    expect(month.to).toBe(unixSeconds(utc("2026-10-31T23:00Z")));
    expect(month.to - month.from).toBe(31 * 24 * HOUR + HOUR);
    const day = month.days.find(({ date }) => date === "2026-10-25");
    expect((day?.to ?? 0) - (day?.from ?? 0)).toBe(25 * HOUR);
  });

  test("the day on which the clock goes forward has 23 hours", () => {
    const day = monthOf("2026-03", "Europe/Berlin").days[28];
    expect(day).toEqual({
      date: "2026-03-29",
      from: unixSeconds(utc("2026-03-28T23:00Z")),
      to: unixSeconds(utc("2026-03-29T22:00Z")),
    });
  });

  test("a day whose midnight does not exist begins behind the gap", () => {
    // Beirut: 2025-03-30 00:00 is 01:00.
    const day = monthOf("2025-03", "Asia/Beirut").days[29];
    expect(day?.from).toBe(unixSeconds(utc("2025-03-29T22:00Z")));
    expect((day?.to ?? 0) - (day?.from ?? 0)).toBe(23 * HOUR);
    expect(localTime(unixSeconds(day?.from ?? 0), "Asia/Beirut")).toBe("2025-03-30 01:00");
  });

  test("a date that a zone skipped is an empty day", () => {
    // Samoa went over the date line: there was no 30 December 2011.
    const days = monthOf("2011-12", "Pacific/Apia").days;
    expect(days).toHaveLength(31);
    expect([days[28], days[29]].map((day) => (day?.to ?? 0) - (day?.from ?? 0))).toEqual([
      24 * HOUR,
      0,
    ]);
  });

  test.each(["2026-13", "2026-00", "2026-1", "26-01", "1950-01", ""])("refuses %p", (text) => {
    expect(calendarMonth(text, "UTC")).toBeNull();
  });

  const zones = ["UTC", "Europe/Berlin", "America/New_York", "America/Santiago", "Asia/Kathmandu"];
  const odd = ["Asia/Beirut", "Australia/Lord_Howe", "Pacific/Apia", "America/St_Johns"];

  test("partitions every year of every zone without gap or overlap", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...zones, ...odd),
        fc.integer({ min: 1996, max: 2037 }),
        fc.integer({ min: 1, max: 12 }),
        (zone, year, number) => {
          const name = (y: number, m: number) => `${y}-${String(m).padStart(2, "0")}`;
          const month = monthOf(name(year, number), zone);
          const next = number === 12 ? name(year + 1, 1) : name(year, number + 1);
          expect(month.days[0]?.from).toBe(month.from);
          expect(month.days.at(-1)?.to).toBe(month.to);
          for (const [i, day] of month.days.entries()) {
            expect(month.days[i + 1]?.from ?? month.to).toBe(day.to);
            expect(day.to).toBeGreaterThanOrEqual(day.from);
          }
          expect(monthOf(next, zone).from).toBe(month.to);
          expect(monthAt(month.from, zone)).toBe(month.month);
          expect(monthAt(unixSeconds(month.to - 1), zone)).toBe(month.month);
        },
      ),
      { numRuns: 60 },
    );
  });
});

test("isTimeZone() knows zones of the IANA database and nothing else", () => {
  expect(["UTC", "Europe/Berlin", "Asia/Kathmandu"].map(isTimeZone)).toEqual([true, true, true]);
  expect(["", "Berlin", "Europe/Berlim"].map(isTimeZone)).toEqual([false, false, false]);
});
