import { describe, expect, test } from "bun:test";
import { CLOCK_FLOOR, ClockGuard } from "../../../agent/controller/clock-guard.ts";
import { FakeClock } from "../../support/fake-clock.ts";

const HOUR_MS = 3_600_000;
const DAY = 86_400;
/** 2026-11-23 */
const NOW = 1_795_000_000;

function world(options: { now?: number; newest?: number | null; synchronised?: boolean } = {}) {
  const { now = NOW, newest = NOW - 60, synchronised = false } = options;
  const clock = new FakeClock(1_000_000, now * 1_000);
  const guard = new ClockGuard({
    clock,
    isSynchronised: () => synchronised,
    newestStored: () => newest,
  });
  return { clock, guard };
}

describe("ClockGuard", () => {
  test("look() tells a step once, and no slewing", () => {
    const { clock, guard } = world();
    clock.advance(HOUR_MS);
    clock.stepWall(999);
    expect(guard.look()).toBe(0);
    clock.stepWall(-5_000);
    expect(guard.look()).toBeCloseTo(-5_000, 3);
    expect(guard.look()).toBe(0);
  });

  test.each([
    [{ now: 100 }, false],
    [{ now: CLOCK_FLOOR - 1, newest: null }, false],
    [{ now: CLOCK_FLOOR, newest: null }, true],
    [{ newest: NOW + 3_600 }, true],
    [{ newest: NOW + 3_601 }, false],
    [{ newest: NOW - 900 * DAY }, true],
    [{ now: 100, synchronised: true }, true],
  ])("with %j isSane is %p", (options, sane) => {
    expect(world(options).guard.isSane).toBe(sane);
  });

  test("isTrusted only after an hour without a step", () => {
    const { clock, guard } = world();
    clock.advance(HOUR_MS - 1);
    expect(guard.isTrusted).toBe(false);
    clock.advance(1);
    expect(guard.isTrusted).toBe(true);
    clock.stepWall(2_000);
    expect(guard.isTrusted).toBe(false);
    clock.advance(HOUR_MS);
    expect(guard.isTrusted).toBe(true);
  });

  test("isTrusted not more than a day ahead of the newest row, unless the kernel knows better", () => {
    const far = { newest: NOW - 3_650 * DAY };
    for (const [options, trusted] of [
      [far, false],
      [{ ...far, synchronised: true }, true],
      [{ newest: null }, true],
    ] as const) {
      const { clock, guard } = world(options);
      clock.advance(HOUR_MS);
      expect(guard.isTrusted).toBe(trusted);
    }
  });
});
