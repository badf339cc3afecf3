/** Absolute spacing with bounded jitter, phases kept apart, nothing sent in a burst. */

import { describe, expect, test } from "bun:test";
import { seededRandom } from "../../../agent/worker/prng.ts";
import { Schedule } from "../../../agent/worker/schedule.ts";

const START = 1_000_000;

function scheduleOf(intervals: readonly number[], phases: readonly number[], seed = 1): Schedule {
  const plan = { intervalUs: Float64Array.from(intervals), phase: Float64Array.from(phases) };
  return new Schedule(plan, START, seededRandom(seed));
}

/** Runs without delay until `until`; every send as [time, series]. */
function run(schedule: Schedule, until: number): [number, number][] {
  const sends: [number, number][] = [];
  while (schedule.nextDueUs() <= until) {
    const now = schedule.nextDueUs();
    const series = schedule.takeDue(now);
    if (series !== -1) sends.push([now, series]);
  }
  return sends;
}

describe("Schedule", () => {
  test("takeDue() sends first at the phase, without jitter", () => {
    const schedule = scheduleOf([100_000, 100_000], [0, 0.25]);
    expect(run(schedule, START + 30_000)).toEqual([
      [START, 0],
      [START + 25_000, 1],
    ]);
  });

  test("600 probes at 100 ms stay on the grid: jitter within 5 %, no drift", () => {
    const sends = run(scheduleOf([100_000], [0]), START + 60_000_000);
    expect(sends.length).toBeGreaterThanOrEqual(600);
    for (const [i, [at]] of sends.entries()) {
      expect(at - START - i * 100_000).toBeGreaterThanOrEqual(0);
      expect(at - START - i * 100_000).toBeLessThan(5_000);
    }
  });

  test("jitter spreads over the whole 5 %", () => {
    const sends = run(scheduleOf([100_000], [0]), START + 20_000_000);
    const offsets = sends.slice(1).map(([at], i) => at - START - (i + 1) * 100_000);
    expect(Math.min(...offsets)).toBeLessThan(500);
    expect(Math.max(...offsets)).toBeGreaterThan(4_500);
  });

  test("equal seeds give equal schedules, others do not", () => {
    const at = (seed: number) => run(scheduleOf([50_000], [0.5], seed), START + 1_000_000);
    expect(at(7)).toEqual(at(7));
    expect(at(7)).not.toEqual(at(8));
  });

  test("missed sends are skipped and counted, the grid goes on", () => {
    const schedule = scheduleOf([200_000], [0]);
    expect(schedule.takeDue(START)).toBe(0);
    const late = START + 1_550_000;
    expect(schedule.takeDue(late)).toBe(-1);
    expect(schedule.skipped).toBe(7);
    expect(schedule.nextDueUs()).toBeGreaterThanOrEqual(START + 1_600_000);
    expect(schedule.nextDueUs()).toBeLessThan(START + 1_610_000);
  });

  test("a slightly late send still goes out and costs nothing", () => {
    const schedule = scheduleOf([200_000], [0]);
    expect(schedule.takeDue(START + 40_000)).toBe(0);
    expect(schedule.skipped).toBe(0);
    expect(schedule.takeDue(START + 40_000)).toBe(-1);
  });

  test("after a long gap no series sends twice at one moment", () => {
    const schedule = scheduleOf(new Array(50).fill(20_000), new Array(50).fill(0.3));
    const now = START + 10_000_000;
    const sent = new Set<number>();
    for (let s = schedule.takeDue(now); s !== -1; s = schedule.takeDue(now)) {
      expect(sent.has(s)).toBe(false);
      sent.add(s);
    }
    expect(schedule.nextDueUs()).toBeGreaterThan(now);
  });

  test("a series with interval 0 never sends", () => {
    expect(scheduleOf([0], [0]).nextDueUs()).toBe(Number.POSITIVE_INFINITY);
    expect(run(scheduleOf([0, 100_000], [0, 0]), START + 250_000).map(([, s]) => s)).toEqual([
      1, 1, 1,
    ]);
  });

  test("a thousand series come out in order of time", () => {
    const random = seededRandom(9);
    const intervals = Array.from({ length: 1_000 }, () => 10_000 + random() * 2_000_000);
    const schedule = scheduleOf(
      intervals,
      intervals.map(() => random()),
    );
    const sends = run(schedule, START + 1_000_000);
    const times = sends.map(([at]) => at);
    expect(times).toEqual([...times].sort((a, b) => a - b));
    expect(new Set(sends.map(([, s]) => s)).size).toBeGreaterThan(400);
  });
});

test("takeDue() drops a series behind its last send, skipped points not counted", () => {
  const plan = { intervalUs: Float64Array.of(100_000, 100_000), phase: Float64Array.of(0, 0.5) };
  const schedule = new Schedule(plan, START, seededRandom(1), 3);
  const sends = run(schedule, START + 300_000);
  expect(sends.filter(([, series]) => series === 0).length).toBe(3);
  expect(schedule.takeDue(START + 5_000_000)).toBe(-1);
  run(schedule, START + 60_000_000);
  expect(schedule.nextDueUs()).toBe(Number.POSITIVE_INFINITY);
});
