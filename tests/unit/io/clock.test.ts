import { describe, expect, test } from "bun:test";
import { instant, US_PER_MS } from "../../../agent/domain/units.ts";
import type { TimerHost } from "../../../agent/io/clock.ts";
import { createClock, createTimers, DELAY_MAX_MS } from "../../../agent/io/clock.ts";
import { monotonicNow } from "../../../agent/worker/libc.ts";
import { FakeClock } from "../../support/fake-clock.ts";

/** A runtime whose timers fire when the test says so, early or late. */
class ManualHost implements TimerHost {
  readonly delays: number[] = [];
  #wake: (() => void) | null = null;

  set(wake: () => void, delayMs: number): () => void {
    this.delays.push(delayMs);
    this.#wake = wake;
    return () => {
      this.#wake = null;
    };
  }

  fire(): void {
    const wake = this.#wake;
    this.#wake = null;
    wake?.();
  }
}

function setUp() {
  const clock = new FakeClock(0);
  const host = new ManualHost();
  let woken = 0;
  const at = (ms: number) =>
    createTimers(clock, host).arm(instant(ms * US_PER_MS), () => {
      woken++;
    });
  return { clock, host, at, woken: () => woken };
}

describe("createClock()", () => {
  test("monotonic() reads the same clock as the worker's stamps", () => {
    const before = monotonicNow();
    const now = createClock().monotonic();
    expect(now).toBeGreaterThanOrEqual(before);
    expect(monotonicNow()).toBeGreaterThanOrEqual(now);
  });

  test("wall() is Unix time in whole milliseconds", () => {
    const wall = createClock().wall();
    expect(Number.isInteger(wall)).toBe(true);
    expect(wall).toBeGreaterThan(Date.UTC(2020, 0));
  });
});

describe("createTimers()", () => {
  test("arm() asks the runtime for whole milliseconds, rounded up", () => {
    const { host, at } = setUp();
    at(10.001);
    expect(host.delays).toEqual([11]);
  });

  test("arm() in the past wakes at the next turn", () => {
    const { clock, host, at, woken } = setUp();
    clock.advance(50);
    at(10);
    expect(host.delays).toEqual([0]);
    host.fire();
    expect(woken()).toBe(1);
  });

  test("arm() waits for the rest when the runtime fires early", () => {
    const { clock, host, at, woken } = setUp();
    at(10);
    clock.advance(9.999);
    host.fire();
    expect(woken()).toBe(0);
    expect(host.delays).toEqual([10, 1]);
    clock.advance(0.001);
    host.fire();
    expect(woken()).toBe(1);
  });

  test("arm() splits a span that setTimeout cannot hold", () => {
    const { clock, host, at, woken } = setUp();
    at(DELAY_MAX_MS + 5);
    expect(host.delays).toEqual([DELAY_MAX_MS]);
    clock.advance(DELAY_MAX_MS);
    host.fire();
    expect(host.delays).toEqual([DELAY_MAX_MS, 5]);
    clock.advance(5);
    host.fire();
    expect(woken()).toBe(1);
  });

  test("arm() never wakes after it was disarmed, also after an early fire", () => {
    const { clock, host, at, woken } = setUp();
    const disarm = at(10);
    host.fire();
    disarm();
    clock.advance(20);
    host.fire();
    expect(woken()).toBe(0);
  });
});
