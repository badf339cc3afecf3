import { describe, expect, test } from "bun:test";
import { pathIndex } from "../../../agent/domain/ids.ts";
import { OUTCOME_FLAG, OUTCOME_KINDS } from "../../../agent/domain/outcome.ts";
import { statusOf } from "../../../agent/domain/status.ts";
import { chosenSeries, pathMetric } from "../../../agent/scoring/scorer.ts";
import { OUTCOME_SIZE, OUTCOMES_MAX } from "../../../agent/wire/frame.ts";
import { feed, pathLayout, scorerOf } from "../../support/core.ts";

function replies(count: number, rttUs: number, series = 0) {
  return Array.from({ length: count }, (_, seq) => ({
    kind: "replied" as const,
    series,
    seq,
    rttUs,
  }));
}

function losses(count: number, series = 0) {
  return Array.from({ length: count }, (_, seq) => ({ kind: "expired" as const, series, seq }));
}

describe("WasmScorer", () => {
  const boundaries = [
    { samples: 4, want: "unknown" },
    { samples: 5, want: "up" },
    { samples: 6, want: "up" },
  ] as const;
  test.each(boundaries)("a path with $samples of 5 samples is $want", ({ samples, want }) => {
    const scorer = scorerOf(pathLayout());
    feed(scorer, replies(samples, 1_000));
    expect(statusOf(scorer.paths.status[0] ?? 0)).toBe(want);
    expect(Number.isNaN(scorer.paths.score[0] ?? 0)).toBe(want === "unknown");
  });

  test("nothing replied: score 0 and down, latency and jitter do not exist", () => {
    const scorer = scorerOf(pathLayout());
    feed(scorer, losses(10));
    expect(scorer.paths.score[0]).toBe(0);
    expect(statusOf(scorer.paths.status[0] ?? 0)).toBe("down");
    for (const metric of ["latencyMs", "p95Ms", "jitterMs", "jitterRfc3550Ms", "mos"] as const) {
      expect(scorer.series[metric][0]).toBeNaN();
    }
  });

  test("unsent is never loss", () => {
    const scorer = scorerOf(pathLayout());
    feed(scorer, [...replies(5, 1_000), ...Array(20).fill({ kind: "unsent", seq: 9 })]);
    expect(scorer.series.lossPct[0]).toBe(0);
    expect(scorer.series.samples[0]).toBe(5);
    expect(scorer.series.totals[OUTCOME_KINDS.indexOf("unsent")]).toBe(20);
  });

  test("a lost probe counts once in the window, when it expires", () => {
    const scorer = scorerOf(pathLayout());
    feed(scorer, [...replies(9, 1_000), { kind: "expired", seq: 9 }, { kind: "lost", seq: 9 }]);
    expect(scorer.series.lossPct[0]).toBe(10);
  });

  test("one lost probe changes loss alone", () => {
    const scorer = scorerOf(pathLayout());
    feed(scorer, replies(10, 20_000));
    const before = [scorer.series.latencyMs[0], scorer.series.jitterMs[0]];
    feed(scorer, [{ kind: "expired", seq: 10 }]);
    expect([scorer.series.latencyMs[0], scorer.series.jitterMs[0]]).toEqual(before);
    expect(scorer.series.lossPct[0]).toBeCloseTo(100 / 11, 9);
  });

  // The smallest value with at least p % of all values at or below it.
  const ranks = [
    { n: 1, p50: 1, p95: 1, p99: 1 },
    { n: 2, p50: 1, p95: 2, p99: 2 },
    { n: 3, p50: 2, p95: 3, p99: 3 },
    { n: 20, p50: 10, p95: 19, p99: 20 },
    { n: 21, p50: 11, p95: 20, p99: 21 },
    { n: 100, p50: 50, p95: 95, p99: 99 },
    { n: 101, p50: 51, p95: 96, p99: 100 },
  ];
  test.each(ranks)("percentiles of 1 to $n ms are nearest ranks", ({ n, p50, p95, p99 }) => {
    const scorer = scorerOf(pathLayout({ windowProbes: 200, minSamples: 1 }));
    const inDisorder = replies(n, 0).map((reply, i) => ({ ...reply, rttUs: ((i * 37) % n) * 1e3 }));
    const isComplete = new Set(inDisorder.map(({ rttUs }) => rttUs)).size === n;
    expect(isComplete).toBe(true);
    feed(
      scorer,
      inDisorder.map((reply) => ({ ...reply, rttUs: reply.rttUs + 1e3 })),
    );
    const { p50Ms, p95Ms, p99Ms } = scorer.series;
    expect([p50Ms[0], p95Ms[0], p99Ms[0]]).toEqual([p50, p95, p99]);
  });

  test("confirmation probes do not enter the window but prove freshness", () => {
    const scorer = scorerOf(pathLayout());
    feed(scorer, replies(5, 1_000));
    const flags = OUTCOME_FLAG.confirmation;
    expect(feed(scorer, [{ kind: "expired", seq: 5, flags, sentUs: 777 }])).toBe(1);
    expect(scorer.series.samples[0]).toBe(5);
    expect(scorer.series.lastSentUs[0]).toBe(777);
  });

  test("seeds enter the window and no total", () => {
    const scorer = scorerOf(pathLayout());
    const seeds = replies(5, 1_000).map((one) => ({ ...one, flags: OUTCOME_FLAG.seed }));
    feed(scorer, seeds);
    expect([scorer.series.samples[0], scorer.series.totals[0]]).toEqual([5, 0]);
  });

  test("probes of the time before the window enter totals only", () => {
    const scorer = scorerOf(pathLayout());
    const flags = OUTCOME_FLAG.stale;
    feed(scorer, [...replies(5, 1_000), { kind: "expired", seq: 5, flags }]);
    expect([scorer.series.samples[0], scorer.series.lossPct[0]]).toEqual([5, 0]);
    expect([scorer.series.totals[0], scorer.series.totals[1]]).toEqual([5, 1]);
    expect(scorer.takeTally(pathIndex(0))).toMatchObject({ probes: 6, lost: 1 });
  });

  const jitters = [
    { name: "constant RTT", rtts: [20, 20, 20, 20], want: 0 },
    { name: "alternating 0/40 ms", rtts: [0, 40, 0, 40, 0], want: 40 },
    { name: "a pair spanning a loss is skipped", rtts: [10, null, 50, 60, 90], want: 20 },
    { name: "a single pair is too few", rtts: [10, 20], want: Number.NaN },
    { name: "one pair is not enough", rtts: [10, 90], want: Number.NaN },
    { name: "two pairs are enough", rtts: [10, 90, 10], want: 80 },
  ] as const;
  test.each(jitters)("jitter: $name", ({ rtts, want }) => {
    const scorer = scorerOf(pathLayout({ minSamples: 1 }));
    feed(
      scorer,
      rtts.map((ms, seq) =>
        ms === null
          ? { kind: "expired" as const, seq }
          : { kind: "replied" as const, seq, rttUs: ms * 1_000 },
      ),
    );
    expect(scorer.series.jitterMs[0]).toBe(want);
  });

  test("jitter of one pair does not exist and counts as 0 in the score, of two it counts", () => {
    const scorer = scorerOf(pathLayout({ minSamples: 1 }));
    const wild = [10, 90, 10].map((ms, seq) => ({
      kind: "replied" as const,
      seq,
      rttUs: ms * 1_000,
    }));
    feed(scorer, wild.slice(0, 2));
    expect(scorer.paths.score[0]).toBe(100);
    feed(scorer, wild.slice(2));
    expect(scorer.paths.score[0]).toBeLessThan(81);
  });

  test("RFC 3550 jitter of alternating 0/40 ms after 1, 9, 16 and 50 differences", () => {
    const scorer = scorerOf(pathLayout({ windowProbes: 100 }));
    const seen: number[] = [];
    for (let seq = 0; seq <= 50; seq++) {
      feed(scorer, [{ kind: "replied", seq, rttUs: seq % 2 === 0 ? 0 : 40_000 }]);
      if ([1, 9, 16, 50].includes(seq)) seen.push(scorer.series.jitterRfc3550Ms[0] ?? 0);
    }
    expect(seen.map((value) => Number(value.toFixed(2)))).toEqual([2.5, 17.62, 25.76, 38.41]);
  });

  test("MOS of the E-model's vectors (delay one-way: half of the RTT)", () => {
    const rows = [
      [20, 0, 4.4],
      [100, 1, 4.263],
      [177.3, 0, 4.312],
      [200, 0, 4.226],
    ] as const;
    for (const [delay, loss, want] of rows) {
      const scorer = scorerOf(pathLayout({ windowProbes: 100 }));
      feed(scorer, [...replies(100 - loss, delay * 2_000), ...losses(loss)]);
      expect(scorer.series.mos[0]).toBeCloseTo(want, 3);
    }
  });

  test("the k-th best target speaks for the path", () => {
    const layout = pathLayout({ seriesCount: 3, reliability: 2 });
    const scorer = scorerOf(layout);
    feed(scorer, [...replies(5, 1_000, 0), ...replies(5, 150_000, 1), ...losses(5, 2)]);
    expect(chosenSeries(scorer, pathIndex(0))).toBe(1 as never);
    expect(pathMetric(scorer, pathIndex(0), (series) => series.latencyMs)).toBe(150);
    scorer.configure([{ ...layout, reliability: 3 }]);
    feed(scorer, [...replies(5, 1_000, 0), ...replies(5, 150_000, 1), ...losses(5, 2)]);
    expect(scorer.paths.score[0]).toBe(0);
  });

  test("targets without enough samples do not count as bad", () => {
    const scorer = scorerOf(pathLayout({ seriesCount: 2, reliability: 2 }));
    feed(scorer, [...replies(5, 1_000, 0), ...losses(4, 1)]);
    expect(statusOf(scorer.paths.status[0] ?? 0)).toBe("up");
  });

  test("setHardDown() forces score 0 and down until it is lifted", () => {
    const scorer = scorerOf(pathLayout());
    feed(scorer, replies(5, 1_000));
    scorer.setHardDown(pathIndex(0), true);
    expect([scorer.paths.score[0], statusOf(scorer.paths.status[0] ?? 0)]).toEqual([0, "down"]);
    scorer.setHardDown(pathIndex(0), false);
    expect(scorer.paths.score[0]).toBe(100);
  });

  test("resetPath() empties the windows and keeps the totals", () => {
    const scorer = scorerOf(pathLayout());
    feed(scorer, replies(10, 1_000));
    scorer.resetPath(pathIndex(0));
    expect(statusOf(scorer.paths.status[0] ?? 0)).toBe("unknown");
    expect(scorer.series.samples[0]).toBe(0);
    expect(scorer.series.totals[0]).toBe(10);
    expect(chosenSeries(scorer, pathIndex(0))).toBeNull();
  });

  test("ingest() refuses unknown series, unknown kinds and impossible RTTs, and counts them", () => {
    const scorer = scorerOf(pathLayout());
    const bad = [
      { kind: "replied" as const, series: 1, rttUs: 1 },
      { kind: "replied" as const, rttUs: Number.NaN },
      { kind: "replied" as const, rttUs: Number.POSITIVE_INFINITY },
      { kind: "replied" as const, rttUs: -1 },
    ];
    expect(feed(scorer, bad)).toBe(0);
    expect(scorer.rejected).toBe(4);
    const unknownKind = new Uint8Array(OUTCOME_SIZE);
    unknownKind[4] = OUTCOME_KINDS.length;
    scorer.ingest(unknownKind);
    expect(scorer.rejected).toBe(5);
    expect(scorer.series.samples[0]).toBe(0);
  });

  test("resetPath(), setHardDown() and scoreOf() refuse a path that is not there", () => {
    const scorer = scorerOf(pathLayout());
    for (const path of [-1, 1, 0.5, Number.NaN]) {
      expect(() => scorer.resetPath(pathIndex(path))).toThrow(`there is no path ${path}, only 1`);
      expect(() => scorer.setHardDown(pathIndex(path), true)).toThrow("there is no path");
      expect(() => scorer.scoreOf(path, 1, 0, 0)).toThrow("there is no path");
    }
  });

  test("configure() refuses series that leave a gap or overlap", () => {
    const scorer = scorerOf(pathLayout());
    for (const firstSeries of [0, 2]) {
      expect(() => scorer.configure([pathLayout(), pathLayout({ firstSeries })])).toThrow(
        "not contiguous",
      );
    }
  });

  const tooMuch = [
    [1_000_000, 40],
    [1_000_000, 4_096],
    [2_097_152, 4_096],
    [1, 2 ** 40],
  ] as const;
  test.each(tooMuch)("configure() says that %d series of %d do not fit", (seriesCount, window) => {
    const scorer = scorerOf(pathLayout());
    const huge = pathLayout({ seriesCount, windowProbes: window });
    expect(() => scorer.configure([huge])).toThrow(`cannot lay out ${seriesCount} series`);
    expect([scorer.pathCount, scorer.seriesCount]).toEqual([0, 0]);
    expect(feed(scorer, replies(1, 1_000))).toBe(0);
    scorer.configure([pathLayout()]);
    feed(scorer, replies(5, 1_000));
    expect(scorer.paths.score[0]).toBe(100);
  });

  test("configure() gives every path its own window and thresholds", () => {
    const { thresholds } = pathLayout();
    const strict = { ...thresholds, latency_ms: { max: 1, critical: 2 } };
    const scorer = scorerOf(
      pathLayout({ windowProbes: 5 }),
      pathLayout({ firstSeries: 1, windowProbes: 4_096, thresholds: strict }),
    );
    for (const series of [0, 1]) {
      feed(scorer, losses(3, series));
      for (let i = 0; i < 6; i++) feed(scorer, replies(1_000, 3_000, series));
    }
    expect([...scorer.series.samples]).toEqual([5, 4_096]);
    expect([...scorer.series.latencyMs]).toEqual([3, 3]);
    expect(scorer.paths.score[0]).toBe(100);
    expect(scorer.paths.score[1]).toBeCloseTo(25, 0);
  });

  test("a send time that is not a number does not hide the newest one", () => {
    const scorer = scorerOf(pathLayout());
    feed(scorer, [{ kind: "replied", rttUs: 1, sentUs: 5 }]);
    feed(scorer, [{ kind: "replied", seq: 1, rttUs: 1, sentUs: Number.NaN }]);
    expect(scorer.series.lastSentUs[0]).toBe(5);
  });

  test("ingest() refuses a batch that does not fit the core's input", () => {
    const scorer = scorerOf(pathLayout());
    expect(() => scorer.ingest(new Uint8Array((OUTCOMES_MAX + 1) * OUTCOME_SIZE))).toThrow(
      "a batch has at most",
    );
  });

  test("ingest() lists each touched path once", () => {
    const scorer = scorerOf(
      pathLayout(),
      pathLayout({ firstSeries: 1 }),
      pathLayout({ firstSeries: 2 }),
    );
    const touched = feed(scorer, [...replies(3, 1, 2), ...replies(2, 1, 0), ...replies(1, 1, 2)]);
    expect([...scorer.touchedPaths.subarray(0, touched)]).toEqual([2, 0]);
  });

  test("configure() holds 10,000 series of 50 and starts empty again", () => {
    const layouts = Array.from({ length: 10_000 }, (_, i) => pathLayout({ firstSeries: i }));
    const scorer = scorerOf(...layouts);
    feed(scorer, replies(5, 1_000, 9_999));
    expect(scorer.paths.score[9_999]).toBe(100);
    scorer.configure(layouts);
    expect(scorer.paths.score[9_999]).toBeNaN();
    expect(scorer.series.totals[9_999 * OUTCOME_KINDS.length]).toBe(0);
  });

  test("sums do not drift over a million outcomes", () => {
    const scorer = scorerOf(pathLayout({ windowProbes: 5 }));
    const batch = Array.from({ length: 1_000 }, (_, i) => ({
      kind: "replied" as const,
      seq: i,
      rttUs: ((i * 7_919) % 1_000_003) + 0.123,
    }));
    for (let round = 0; round < 1_000; round++) feed(scorer, batch);
    feed(scorer, replies(5, 20_000.5));
    expect(scorer.series.latencyMs[0]).toBe(20.0005);
    expect(scorer.series.jitterMs[0]).toBe(0);
  });
});
