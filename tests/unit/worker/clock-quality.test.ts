/** When the kernel's word makes our clock a trusted one. */

import { describe, expect, test } from "bun:test";
import { estimateUs } from "../../../agent/wire/stamp-error.ts";
import { ClockQuality, readClockState } from "../../../agent/worker/clock-quality.ts";

const SYNCED = { result: 0, status: 0x2001, errorMaxUs: 4_000, errorUs: 30 };

describe("ClockQuality", () => {
  const states = [
    { name: "a disciplined clock is synchronised", state: SYNCED, want: true },
    { name: "a leap second does not make it less", state: { ...SYNCED, result: 1 }, want: true },
    { name: "TIME_ERROR is not", state: { ...SYNCED, result: 5 }, want: false },
    { name: "STA_UNSYNC is not", state: { ...SYNCED, status: 0x40 }, want: false },
    { name: "a refused call is not", state: null, want: false },
  ] as const;
  test.each(states)("estimate(): $name", ({ state, want }) => {
    const quality = new ClockQuality(() => state);
    expect(quality.isSynchronised).toBe(false);
    quality.estimate(0);
    expect(quality.isSynchronised).toBe(want);
  });

  test("estimate() says at least the kernel's bound of the error", () => {
    expect(estimateUs(new ClockQuality(() => SYNCED).estimate(0))).toBeGreaterThanOrEqual(4_000);
  });

  test("estimate() asks again once a minute, not more", () => {
    let asked = 0;
    const quality = new ClockQuality(() => {
      asked++;
      return asked > 1 ? null : SYNCED;
    });
    quality.estimate(5);
    quality.estimate(5 + 59_999_999);
    expect([asked, quality.isSynchronised]).toEqual([1, true]);
    quality.estimate(5 + 60_000_000);
    expect([asked, quality.isSynchronised]).toEqual([2, false]);
  });

  test("readClockState() reads errors the kernel can have", () => {
    const state = readClockState();
    if (state === null) return;
    expect(state.result).toBeWithin(0, 6);
    expect(state.errorMaxUs).toBeWithin(0, 16_000_001);
    expect(state.errorUs).toBeWithin(0, 16_000_001);
  });
});
