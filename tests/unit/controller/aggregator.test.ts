import { describe, expect, test } from "bun:test";
import { Aggregator } from "../../../agent/controller/aggregator.ts";
import { pathId } from "../../../agent/domain/ids.ts";
import type { Rollup } from "../../../agent/domain/rollup.ts";
import { unixSeconds } from "../../../agent/domain/units.ts";
import { FakeClock } from "../../support/fake-clock.ts";
import { FakeJournal } from "../../support/fake-journal.ts";
import { DAY0, rollup } from "../../support/rollups.ts";

const FIBER = pathId("fiber");
/** Seven and a half minutes into the day. */
const NOW = DAY0 + 450;

function world(open: Rollup | null = rollup(DAY0 + 600, { up_s: 150 })) {
  const clock = new FakeClock(1_000_000, NOW * 1_000);
  const journal = new FakeJournal();
  journal.buckets.push(rollup(DAY0 - 300), rollup(DAY0), rollup(DAY0 + 300));
  const history = { open: (path: string) => (path === FIBER ? open : null) };
  return { clock, journal, aggregator: new Aggregator({ clock, timers: clock, journal, history }) };
}

function span(from: number, to: number) {
  return { from: unixSeconds(from), to: unixSeconds(to) };
}

describe("Aggregator", () => {
  test("one() adds the open bucket to the stored ones and answers until now", () => {
    const { aggregator } = world();
    const query = { period: "custom" as const, ...span(DAY0, DAY0 + 600) };
    const answer = aggregator.one(FIBER, query);
    expect(answer).toMatchObject({ sample_count: 300, coverage_pct: 100, tiers: ["5m"] });
    expect([answer.start_time, answer.end_time]).toEqual([DAY0, NOW] as never);
  });

  test("one() leaves an open bucket out that is not of the span", () => {
    const { aggregator } = world();
    const query = { period: "custom" as const, ...span(DAY0 - 600, DAY0 + 300) };
    expect(aggregator.one(FIBER, query).sample_count).toBe(450);
  });

  test("all() answers for every path in turn", async () => {
    const { aggregator } = world();
    const query = { period: "hour" as const, ...span(NOW - 3_600, NOW + 150) };
    const answers = await aggregator.all([FIBER, pathId("lte")], query);
    expect(answers.map(({ path_id, sample_count }) => [path_id, sample_count])).toEqual([
      [FIBER, 600],
      [pathId("lte"), 0],
    ]);
  });

  test("all() lets others work when it takes long", async () => {
    const { aggregator, clock, journal } = world();
    const read = journal.rollups.bind(journal);
    journal.rollups = (query) => {
      clock.stopFor(10);
      return read(query);
    };
    const query = { period: "hour" as const, ...span(NOW - 3_600, NOW) };
    const answers = aggregator.all([FIBER, FIBER, FIBER], query);
    expect(clock.armed).toBe(1);
    clock.advance(0);
    await Promise.resolve();
    expect(clock.armed).toBe(1);
    clock.advance(0);
    expect(await answers).toHaveLength(3);
  });

  test("buckets() makes points of the wanted length, the newest of them still growing", () => {
    const { aggregator } = world();
    const page = aggregator.buckets({
      path: FIBER,
      tier: "1h",
      ...span(DAY0 - 600, NOW),
      limit: 10,
    });
    const points = page.points.map(({ start_time, sample_count }) => [start_time, sample_count]);
    expect(points).toEqual([
      [unixSeconds(DAY0 - 3_600), 300],
      [unixSeconds(DAY0), 300],
    ]);
    expect(page.next).toBeNull();
  });

  test("buckets() goes on where a page ended, without repeating or skipping", () => {
    const { aggregator } = world();
    const query = { path: FIBER, tier: "5m" as const, to: unixSeconds(NOW), limit: 2 };
    const first = aggregator.buckets({ ...query, from: unixSeconds(DAY0 - 600) });
    const second = aggregator.buckets({ ...query, from: first.next ?? unixSeconds(0) });
    const ends = [...first.points, ...second.points].map(({ end_time }) => end_time - DAY0);
    expect(ends).toEqual([-300, 0, 300, 600]);
    expect(second.next).toBeNull();
  });
});
