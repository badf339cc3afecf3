import { describe, expect, test } from "bun:test";
import type { QuietHours } from "../../../../agent/domain/alerts.ts";
import { unixMillis } from "../../../../agent/domain/units.ts";
import { isQuiet, localTime } from "../../../../agent/engine/alerts/wall-time.ts";

const at = (text: string) => unixMillis(Date.parse(text));

function hours(over: Partial<QuietHours> = {}): QuietHours {
  const base = { from: 22 * 60, to: 6 * 60, days: [], time_zone: "Europe/Berlin" };
  return { ...base, pass: "critical", ...over };
}

describe("localTime()", () => {
  test("is the wall clock of the zone, in summer and in winter", () => {
    expect(localTime(at("2026-01-15T23:30:00Z"), "Europe/Berlin")).toEqual({ minute: 30, day: 5 });
    expect(localTime(at("2026-07-15T23:30:00Z"), "Europe/Berlin")).toEqual({ minute: 90, day: 4 });
    expect(localTime(at("2026-01-15T00:00:00Z"), "UTC")).toEqual({ minute: 0, day: 4 });
  });
});

describe("isQuiet()", () => {
  test("over midnight: from the first minute to the one before the last", () => {
    expect(isQuiet(hours(), at("2026-01-15T20:59:59Z"))).toBe(false);
    expect(isQuiet(hours(), at("2026-01-15T21:00:00Z"))).toBe(true);
    expect(isQuiet(hours(), at("2026-01-16T04:59:59Z"))).toBe(true);
    expect(isQuiet(hours(), at("2026-01-16T05:00:00Z"))).toBe(false);
  });

  test("within a day", () => {
    const noon = hours({ from: 720, to: 780, time_zone: "UTC" });
    expect(isQuiet(noon, at("2026-01-15T12:00:00Z"))).toBe(true);
    expect(isQuiet(noon, at("2026-01-15T13:00:00Z"))).toBe(false);
    expect(isQuiet(noon, at("2026-01-15T11:59:00Z"))).toBe(false);
  });

  test("the morning after belongs to the day on which the night began", () => {
    const friday = hours({ days: [5], time_zone: "UTC" });
    expect(isQuiet(friday, at("2026-01-16T23:00:00Z"))).toBe(true);
    expect(isQuiet(friday, at("2026-01-17T03:00:00Z"))).toBe(true);
    expect(isQuiet(friday, at("2026-01-16T03:00:00Z"))).toBe(false);
    expect(isQuiet(friday, at("2026-01-17T23:00:00Z"))).toBe(false);
  });
});
