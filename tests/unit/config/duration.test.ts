import { describe, expect, test } from "bun:test";
import { formatDuration, parseDuration } from "../../../agent/config/duration.ts";

describe("parseDuration()", () => {
  test.each([
    ["7d", 604_800],
    ["400d", 34_560_000],
    ["5y", 157_680_000],
    ["12h", 43_200],
    ["30m", 1_800],
    ["90s", 90],
    ["2w", 1_209_600],
    ["0s", 0],
  ])("takes %s as %d s", (text, seconds) => {
    expect(parseDuration(text)).toBe(seconds);
  });

  test.each(["", "7", "d", "7 d", "-7d", "1.5h", "7D", "7days", "1h30m", "9999999999d"])(
    "refuses %p",
    (text) => {
      expect(parseDuration(text)).toBeNull();
    },
  );
});

test("formatDuration() gives back what parseDuration() takes", () => {
  for (const text of ["7d", "5y", "12h", "30m", "90s"]) {
    const seconds = parseDuration(text) ?? -1;
    expect(parseDuration(formatDuration(seconds))).toBe(seconds);
  }
  expect(formatDuration(3_600)).toBe("1h");
});
