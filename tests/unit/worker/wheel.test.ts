/** Deadlines: never early, at most a tick late, whatever the order and the distance. */

import { describe, expect, test } from "bun:test";
import { seededRandom } from "../../../agent/worker/prng.ts";
import { TimingWheel } from "../../../agent/worker/wheel.ts";

function takeAll(wheel: TimingWheel): number[] {
  const taken: number[] = [];
  for (let entry = wheel.takeDue(); entry !== -1; entry = wheel.takeDue()) taken.push(entry);
  return taken.sort((a, b) => a - b);
}

function wheelAt(nowUs: number): TimingWheel {
  const wheel = new TimingWheel(64);
  wheel.advance(nowUs);
  return wheel;
}

describe("TimingWheel", () => {
  test("advance() fires at the tick of the deadline, not before", () => {
    const wheel = wheelAt(1_000_000);
    wheel.arm(7, 1_500_000);
    wheel.advance(1_499_999);
    expect(takeAll(wheel)).toEqual([]);
    wheel.advance(1_500_000);
    expect(takeAll(wheel)).toEqual([7]);
    expect(wheel.count).toBe(0);
  });

  test("a deadline between two ticks fires at the later one", () => {
    const wheel = wheelAt(1_000_000);
    wheel.arm(1, 1_000_001);
    wheel.advance(1_000_999);
    expect(takeAll(wheel)).toEqual([]);
    wheel.advance(1_001_000);
    expect(takeAll(wheel)).toEqual([1]);
  });

  test("nextDueUs() is Infinity while nothing is armed and exact within a round", () => {
    const wheel = wheelAt(50_000);
    expect(wheel.nextDueUs()).toBe(Number.POSITIVE_INFINITY);
    wheel.arm(3, 4_000_000);
    wheel.arm(4, 90_000);
    expect(wheel.nextDueUs()).toBe(90_000);
    wheel.disarm(4);
    expect(wheel.nextDueUs()).toBe(4_000_000);
  });

  test("a deadline rounds ahead shares a bucket and stays until its own round", () => {
    const wheel = wheelAt(0);
    wheel.arm(1, 10_000);
    wheel.arm(2, 10_000 + 4_096_000);
    wheel.advance(10_000);
    expect(takeAll(wheel)).toEqual([1]);
    wheel.advance(4_000_000);
    expect(takeAll(wheel)).toEqual([]);
    wheel.advance(10_000 + 4_096_000);
    expect(takeAll(wheel)).toEqual([2]);
  });

  test("a deadline in the past fires at the next advance", () => {
    const wheel = wheelAt(2_000_000);
    wheel.arm(5, 1_000);
    wheel.advance(2_001_000);
    expect(takeAll(wheel)).toEqual([5]);
  });

  test("a gap longer than the whole wheel fires everything once", () => {
    const wheel = wheelAt(0);
    for (let entry = 0; entry < 60; entry++) wheel.arm(entry, entry * 150_000);
    wheel.advance(60_000_000);
    expect(takeAll(wheel)).toHaveLength(60);
    expect(wheel.count).toBe(0);
    expect(wheel.nextDueUs()).toBe(Number.POSITIVE_INFINITY);
  });

  test("disarm() takes any entry out of its list", () => {
    const wheel = wheelAt(0);
    for (const entry of [1, 2, 3]) wheel.arm(entry, 5_000);
    wheel.disarm(2);
    wheel.disarm(2);
    wheel.advance(5_000);
    expect(takeAll(wheel)).toEqual([1, 3]);
  });

  test("random arming agrees with a sorted list", () => {
    const random = seededRandom(4);
    const wheel = wheelAt(0);
    const wanted = new Map<number, number>();
    let now = 0;
    for (let step = 0; step < 20_000; step++) {
      const entry = Math.floor(random() * 64);
      if (wanted.delete(entry)) {
        wheel.disarm(entry);
      } else {
        const deadline = now + random() * 9_000_000;
        wheel.arm(entry, deadline);
        wanted.set(entry, Math.max(Math.ceil(deadline / 1_000), Math.floor(now / 1_000) + 1));
      }
      now += random() * 40_000;
      wheel.advance(now);
      const due = [...wanted].filter(([, tick]) => tick <= Math.floor(now / 1_000));
      expect(takeAll(wheel)).toEqual(due.map(([e]) => e).sort((a, b) => a - b));
      for (const [e] of due) wanted.delete(e);
      expect(wheel.count).toBe(wanted.size);
      expect(wheel.nextDueUs()).toBeLessThanOrEqual(Math.min(...wanted.values()) * 1_000);
    }
  });
});
