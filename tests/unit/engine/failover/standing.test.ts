import { describe, expect, test } from "bun:test";
import { micros, US_PER_S } from "../../../../agent/domain/units.ts";
import { PathStanding } from "../../../../agent/engine/failover/standing.ts";
import { seconds } from "../../../support/failover-steps.ts";

const LINES = { failover_threshold: 50, failback_threshold: 80, failback_delay_secs: 60 };

function sample(score: number | null) {
  return { score, hardDown: false, maintenance: false };
}

const DEAD = { score: 0, hardDown: true, maintenance: false };

/** A path that has failed so often, and recovers now. */
function failed(times: number, at = 0): PathStanding {
  const standing = new PathStanding(LINES);
  for (let i = 0; i < times; i++) standing.leave(true, seconds(at));
  standing.observe(sample(100), seconds(at));
  return standing;
}

function ready(standing: PathStanding, at: number): number | null {
  const full = standing.readyAt(seconds(at));
  return full === null ? null : full / US_PER_S;
}

describe("PathStanding", () => {
  test.each([
    { failures: 0, delay: 60 },
    { failures: 1, delay: 60 },
    { failures: 2, delay: 120 },
    { failures: 3, delay: 240 },
    { failures: 6, delay: 1920 },
    { failures: 7, delay: 3600 },
    { failures: 50, delay: 3600 },
  ])("rule 11: after $failures failures the penalty is $delay s", ({ failures, delay }) => {
    expect(ready(failed(failures), 0)).toBe(delay);
  });

  test("a delay longer than the cap is never shortened by it", () => {
    const standing = new PathStanding({ ...LINES, failback_delay_secs: 7_200 });
    for (let i = 0; i < 3; i++) standing.leave(true, seconds(0));
    expect(standing.penalty(seconds(0))).toBe(micros(7_200 * US_PER_S));
  });

  test("rule 11: a dip restarts the streak and leaves the penalty running", () => {
    const standing = failed(3);
    standing.observe(sample(79.9), seconds(100));
    expect(ready(standing, 100)).toBeNull();
    standing.observe(sample(80), seconds(110));
    expect(ready(standing, 110)).toBe(240);
    standing.observe(sample(79.9), seconds(200));
    standing.observe(sample(80), seconds(201));
    expect(ready(standing, 201)).toBe(261);
  });

  test.each([
    { what: "a score below failover_threshold", bad: sample(49.9) },
    { what: "hard-down", bad: DEAD },
  ])("rule 11: $what restarts the penalty", ({ bad }) => {
    const standing = failed(3);
    expect(standing.observe(bad, seconds(100))).toBe(true);
    standing.observe(sample(90), seconds(130));
    expect(ready(standing, 130)).toBe(130 + 240);
  });

  test("rule 11: 1 % random loss delays the return by minutes, not by days", () => {
    const standing = failed(7);
    let at = 0;
    // Two losses in a window of 50 are a score of 65, about every other minute.
    while (at < 86_400) {
      at += 100;
      standing.observe(sample(65), seconds(at));
      at += 20;
      standing.observe(sample(95), seconds(at));
      if ((ready(standing, at) ?? Number.POSITIVE_INFINITY) <= at + 100) break;
    }
    expect(at).toBeGreaterThanOrEqual(3_500);
    expect(at).toBeLessThan(3_900);
  });

  test("unknown is no proof and no failure", () => {
    const standing = failed(3);
    standing.observe(sample(null), seconds(50));
    standing.observe(sample(90), seconds(51));
    expect(ready(standing, 51)).toBe(240);
    standing.observe(sample(null), seconds(235));
    standing.observe(sample(90), seconds(236));
    expect(ready(standing, 236)).toBe(296);
  });

  test("rule 12: only an hour of being active and well forgives the failures", () => {
    const standing = failed(3);
    standing.carry(false, seconds(0));
    expect(standing.failures(seconds(90_000))).toBe(3);
    standing.carry(true, seconds(100_000));
    expect(standing.failures(seconds(103_599))).toBe(3);
    expect(standing.failures(seconds(103_600))).toBe(0);
  });

  test("rule 12: time that the path was not well does not count", () => {
    const standing = failed(3);
    standing.carry(true, seconds(0));
    standing.observe(sample(60), seconds(3_000));
    standing.carry(true, seconds(3_000));
    standing.observe(sample(90), seconds(9_000));
    standing.carry(true, seconds(9_000));
    expect(standing.failures(seconds(9_599))).toBe(3);
    expect(standing.failures(seconds(9_600))).toBe(0);
  });

  test("rule 12: a failure begins the quiet hour anew", () => {
    const standing = failed(1);
    standing.carry(true, seconds(0));
    standing.leave(true, seconds(3_599));
    expect(standing.failures(seconds(3_599))).toBe(2);
    standing.carry(true, seconds(4_000));
    expect(standing.failures(seconds(7_599))).toBe(2);
  });

  test("leave() begins both timers anew, so that what was left is not returned to at once", () => {
    const standing = failed(0);
    standing.leave(false, seconds(1_000));
    expect(ready(standing, 1_000)).toBe(1_060);
    expect(standing.failures(seconds(1_000))).toBe(0);
  });

  test("rule 22: what was not observed voids the streak and keeps the penalty", () => {
    const standing = failed(3);
    standing.voidStreak(seconds(230));
    expect(ready(standing, 230)).toBeNull();
    standing.observe(sample(90), seconds(231));
    expect(ready(standing, 231)).toBe(291);
  });

  test("restore() goes on with the penalty after a restart, and the streak begins anew", () => {
    const before = failed(3);
    const state = before.persisted(seconds(100));
    const standing = new PathStanding(LINES);
    standing.restore(state, micros(5 * US_PER_S), seconds(1_000));
    expect(ready(standing, 1_000)).toBeNull();
    standing.observe(sample(90), seconds(1_000));
    expect(ready(standing, 1_000)).toBe(1_000 + 240 - 105);
    expect(standing.failures(seconds(1_000))).toBe(3);
  });

  test("persisted() keeps the part of the quiet hour that has passed", () => {
    const before = failed(2);
    before.carry(true, seconds(0));
    const standing = new PathStanding(LINES);
    standing.restore(before.persisted(seconds(3_000)), micros(0), seconds(0));
    standing.observe(sample(90), seconds(0));
    standing.carry(true, seconds(0));
    expect(standing.failures(seconds(599))).toBe(2);
    expect(standing.failures(seconds(600))).toBe(0);
  });

  test("a path in maintenance proves nothing", () => {
    const standing = failed(0);
    standing.observe({ ...sample(100), maintenance: true }, seconds(10));
    expect(ready(standing, 10)).toBeNull();
    standing.observe(sample(100), seconds(20));
    expect(ready(standing, 20)).toBe(80);
  });

  test("adjust() judges by the new thresholds", () => {
    const standing = failed(0);
    standing.adjust({ ...LINES, failback_delay_secs: 10 }, seconds(100));
    standing.observe(sample(85), seconds(100));
    expect(ready(standing, 100)).toBe(110);
  });
});
