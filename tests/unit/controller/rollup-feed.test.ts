import { describe, expect, test } from "bun:test";
import { ClockGuard } from "../../../agent/controller/clock-guard.ts";
import { RollupFeed } from "../../../agent/controller/rollup-feed.ts";
import { pathId, pathIndex } from "../../../agent/domain/ids.ts";
import { agentConfig, pathConfig } from "../../support/configs.ts";
import { FakeClock } from "../../support/fake-clock.ts";
import { FakeJournal } from "../../support/fake-journal.ts";
import { FakeLog } from "../../support/fake-log.ts";
import { FakeScorer } from "../../support/fake-scorer.ts";
import { healthRow } from "../../support/journals.ts";
import { histogramOf } from "../../support/rollups.ts";

const MINUTE_MS = 60_000;
const PATHS = agentConfig([pathConfig("a", ["192.0.2.1"]), pathConfig("b", ["192.0.2.2"])]).paths;
const A = pathIndex(0);
const RTT = { sumUs: 10_000, minUs: 10_000, maxUs: 10_000, histogram: histogramOf(10, 1) };

/** Ten seconds before an edge of the grid. */
function world(flushIntervalSecs = 300, synchronised = true) {
  const clock = new FakeClock(5_000_000, 1_700_000_090_000);
  const log = new FakeLog();
  const scorer = new FakeScorer(2);
  const journal = new FakeJournal();
  const storage = { flush_interval_secs: flushIntervalSecs };
  const source = { isThere: synchronised };
  const guard = new ClockGuard({
    clock,
    isSynchronised: () => source.isThere,
    newestStored: () => null,
  });
  const steps: number[] = [];
  const feed = new RollupFeed({
    ...{ clock, timers: clock, log, scorer, journal, guard, storage },
    onClockStep: (seconds) => steps.push(seconds),
  });
  feed.retable(PATHS, () => {});
  return { clock, log, scorer, journal, feed, source, steps };
}

describe("RollupFeed", () => {
  test("closes every known path at the edges of the grid", () => {
    const { clock, journal, feed } = world();
    feed.changeStatus(A, "up");
    clock.advance(11_000);
    clock.advance(5 * MINUTE_MS);
    const ends = journal.buckets.map(({ path_id, end, up_s }) => [path_id, end, up_s]);
    expect(ends).toEqual([
      [pathId("a"), 1_700_000_100, 10],
      [pathId("a"), 1_700_000_400, 300],
    ] as typeof ends);
  });

  test("takes the core's tally into the bucket that ends", () => {
    const { clock, journal, scorer } = world();
    scorer.tallies.set(A, { probes: 5, lost: 1, rtt: RTT });
    clock.advance(10_000);
    expect(journal.buckets[0]).toMatchObject({ probes: 5, lost: 1, rtt_sum_us: 10_000 });
  });

  test("flushes right behind the edge when that was asked for, and only then", () => {
    const { clock, journal, feed } = world();
    clock.advance(10_000);
    expect(journal.flushes).toBe(0);
    feed.requestFlush();
    clock.advance(4 * MINUTE_MS);
    expect(journal.flushes).toBe(0);
    clock.advance(MINUTE_MS);
    expect(journal.flushes).toBe(1);
    clock.advance(5 * MINUTE_MS);
    expect(journal.flushes).toBe(1);
  });

  test("flushes at once when the interval is shorter than a bucket", () => {
    const { journal, feed } = world(60);
    feed.requestFlush();
    expect(journal.flushes).toBe(1);
  });

  test("a new table loses nothing: the core is drained, paths that stay go on", () => {
    const { clock, journal, scorer, feed } = world();
    feed.changeStatus(A, "up");
    clock.advance(2_000);
    scorer.tallies.set(A, { probes: 5, lost: 1, rtt: RTT });
    feed.retable(PATHS, () => scorer.tallies.clear());
    clock.advance(2_000);
    scorer.tallies.set(A, { probes: 1, lost: 0, rtt: null });
    clock.advance(6_000);
    expect(journal.buckets).toHaveLength(1);
    expect(journal.buckets[0]).toMatchObject({ probes: 6, up_s: 2 });
  });

  test("a path that is gone ends with its bucket short", () => {
    const { clock, journal, feed } = world();
    feed.changeStatus(A, "down");
    clock.advance(2_000);
    feed.retable(PATHS.slice(1), () => {});
    expect(journal.buckets).toMatchObject([{ path_id: "a", end: 1_700_000_100, down_s: 2 }]);
  });

  test("a path that is not to be stored has no buckets", () => {
    const { clock, journal, feed } = world();
    feed.retable(
      PATHS.map((p) => ({ ...p, health: { ...p.health, persist_to_db: false } })),
      () => {},
    );
    feed.changeStatus(A, "up");
    clock.advance(20_000);
    expect(journal.buckets).toEqual([]);
    expect(feed.open(pathId("a"))).toBeNull();
  });

  test("open() shows the bucket so far and takes nothing from it", () => {
    const { clock, journal, scorer, feed } = world();
    feed.changeStatus(A, "up");
    feed.takeCheck(A, healthRow(0, { packet_loss_pct: 2 }));
    scorer.tallies.set(A, { probes: 5, lost: 1, rtt: null });
    clock.advance(3_000);
    expect(feed.open(pathId("a"))).toMatchObject({ probes: 5, up_s: 3, loss_max_bp: 200 });
    expect(feed.open(pathId("x"))).toBeNull();
    clock.advance(7_000);
    expect(journal.buckets[0]).toMatchObject({ probes: 5, up_s: 10, checks: 1 });
  });

  test("a step of the wall clock closes the bucket short, forward and back", () => {
    for (const stepMs of [3_600_000, -3_600_000]) {
      const { clock, journal, log, feed, steps } = world();
      feed.changeStatus(A, "up");
      clock.advance(2_000);
      clock.stepWall(stepMs);
      feed.takeCheck(A, healthRow(0));
      expect(journal.buckets).toMatchObject([{ end: 1_700_000_100, up_s: 2, checks: 0 }]);
      expect(log.messages).toContain("the wall clock stepped");
      expect(steps).toEqual([stepMs / 1_000]);
      clock.advance(8_000);
      expect(journal.buckets[1]).toMatchObject({ end: 1_700_000_100 + stepMs / 1_000, up_s: 8 });
    }
  });

  test("slewing of less than a second is no step", () => {
    const { clock, journal, log, feed } = world();
    feed.changeStatus(A, "up");
    clock.stepWall(-900);
    clock.advance(10_000);
    expect(journal.buckets).toEqual([]);
    clock.advance(900);
    expect(journal.buckets).toHaveLength(1);
    expect(log.messages).toEqual([]);
  });

  test("writes nothing before the clock is set, and then moves what waited", () => {
    const { clock, journal, log, feed } = world(300, false);
    const bootMs = clock.wall() - 100_000;
    clock.stepWall(-bootMs);
    feed.takeCheck(A, healthRow(0));
    journal.shifts.length = 0;
    feed.changeStatus(A, "up");
    feed.requestFlush();
    clock.advance(15 * MINUTE_MS);
    expect(journal.buckets.length).toBeGreaterThan(1);
    expect(journal.flushes).toBe(0);
    // 2026-11-23
    clock.stepWall(1_795_000_000_000);
    feed.takeCheck(A, healthRow(0));
    expect(journal.shifts).toEqual([1_795_000_000]);
    expect(log.messages).toContain("the wall clock is set, history is written");
    clock.advance(5 * MINUTE_MS);
    expect(journal.flushes).toBe(1);
  });

  test("a clock that falls back to 1970 stops the writing, behind what was right", () => {
    const { clock, journal, source, feed } = world();
    source.isThere = false;
    clock.stepWall(-clock.wall() + 60_000);
    feed.takeCheck(A, healthRow(0));
    expect(journal.flushes).toBe(1);
    expect(journal.shifts).toEqual([]);
    feed.requestFlush();
    clock.advance(10 * MINUTE_MS);
    expect(journal.flushes).toBe(1);
    // A source of time is enough, without a step.
    source.isThere = true;
    clock.advance(5 * MINUTE_MS);
    expect(journal.flushes).toBe(2);
  });

  test("guesses the time after six hours without a clock, and corrects it when there is one", () => {
    const { clock, journal, source, feed } = world(300, false);
    clock.stepWall(-clock.wall() + 100_000);
    feed.requestFlush();
    clock.advance(6 * 60 * MINUTE_MS - 10 * MINUTE_MS);
    expect([journal.times, journal.flushes]).toEqual([[], 0]);
    clock.advance(15 * MINUTE_MS);
    expect(journal.times[0]).toBe("guessed");
    expect(journal.flushes).toBe(1);
    source.isThere = true;
    clock.stepWall(1_795_000_000_000);
    feed.takeCheck(A, healthRow(0));
    expect(journal.times.at(-1)).toBe("known");
  });

  test("stop() guesses the time of what never had one", () => {
    const { journal, feed } = world(300, false);
    feed.stop();
    expect(journal.times).toEqual(["guessed"]);
  });

  test("stop() hands over the open buckets under the name of their end", () => {
    const { clock, journal, feed } = world();
    feed.changeStatus(A, "up");
    clock.advance(4_000);
    feed.stop();
    expect(journal.buckets).toMatchObject([{ end: 1_700_000_100, up_s: 4 }]);
    expect(clock.armed).toBe(0);
  });
});
