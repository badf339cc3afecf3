/**
 * The WASM core against the plain reference, over random streams of outcomes of several series:
 * every kind, out of order, with resets, hard-downs and records that must be refused.
 */

import { expect, test } from "bun:test";
import { pathIndex } from "../../agent/domain/ids.ts";
import { OUTCOME, OUTCOME_KINDS } from "../../agent/domain/outcome.ts";
import { limitingOf, statusOf } from "../../agent/domain/status.ts";
import type { SeriesColumns } from "../../agent/scoring/scorer.ts";
import type { WasmScorer } from "../../agent/scoring/wasm-scorer.ts";
import { feed, pathLayout, scorerOf } from "../support/core.ts";
import { fc } from "../support/property.ts";
import type { ReferenceOutcome, ReferenceResult } from "../support/reference-core.ts";
import { referencePath, referenceResult } from "../support/reference-core.ts";

const RUNS = process.env["FULL"] === "1" ? 20_000 : 2_000;
const HOUR_US = 3.6e9;

const METRICS = [
  "score",
  "composite",
  "latencyMs",
  "minMs",
  "maxMs",
  "stddevMs",
  "p50Ms",
  "p95Ms",
  "p99Ms",
  "lossPct",
  "jitterMs",
  "jitterRfc3550Ms",
  "pdvMs",
  "mos",
] as const satisfies readonly Exclude<keyof SeriesColumns, "totals">[];

interface Step {
  readonly series: number;
  readonly kind: (typeof OUTCOME_KINDS)[number];
  readonly rttUs: number;
  readonly flags: number;
  /** How far before the newest sequence number this one is resolved. */
  readonly back: number;
  /** What happens to the path before. */
  readonly before: "nothing" | "reset" | "hard-down" | "hard-up";
}

const step: fc.Arbitrary<Step> = fc.record({
  series: fc.nat(2),
  kind: fc.oneof(
    { weight: 8, arbitrary: fc.constant("replied" as const) },
    { weight: 3, arbitrary: fc.constantFrom(...OUTCOME_KINDS) },
  ),
  rttUs: fc.oneof(
    { weight: 9, arbitrary: fc.double({ min: 0, max: 600_000, noNaN: true }) },
    { weight: 3, arbitrary: fc.constantFrom(0, 1, 20_000, 20_000.4567) },
    { weight: 1, arbitrary: fc.double({ min: 0, max: HOUR_US, noNaN: true }) },
    {
      weight: 1,
      arbitrary: fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, -1, HOUR_US + 1),
    },
  ),
  flags: fc.constantFrom(0, 0, 0, 0, 0, 1, 6, 8),
  back: fc.oneof({ weight: 6, arbitrary: fc.constant(0) }, fc.nat(3)),
  before: fc.oneof(
    { weight: 60, arbitrary: fc.constant("nothing" as const) },
    fc.constantFrom("reset" as const, "hard-down" as const, "hard-up" as const),
  ),
});

const stream = fc.record({
  seriesCount: fc.integer({ min: 1, max: 3 }),
  reliability: fc.integer({ min: 1, max: 3 }),
  windowProbes: fc.integer({ min: 1, max: 60 }),
  minSamples: fc.integer({ min: 1, max: 10 }),
  first: fc.constantFrom(0, 5, 0xffff_fff0),
  batch: fc.integer({ min: 1, max: 17 }),
  steps: fc.array(step, { maxLength: 200 }),
});

type Placed = Step & { readonly seq: number };

/** Gives distinct sequence numbers per series, resolved out of order where `back` says so. */
function placed(first: number, steps: readonly Step[], seriesCount: number): Placed[] {
  const orders: number[][] = Array.from({ length: seriesCount }, () => []);
  const own = steps.map((one) => ({ ...one, series: one.series % seriesCount }));
  for (const { series, back } of own) {
    const order = orders[series] ?? [];
    order.splice(Math.max(0, order.length - back), 0, order.length);
  }
  const taken = orders.map(() => 0);
  return own.map((one) => {
    const position = taken[one.series] ?? 0;
    taken[one.series] = position + 1;
    return { ...one, seq: (first + (orders[one.series]?.[position] ?? 0)) >>> 0 };
  });
}

function isRefused({ kind, rttUs }: Step): boolean {
  return kind === "replied" && !(rttUs >= 0 && rttUs <= HOUR_US);
}

/** Runs the core over the steps and answers what the reference needs to judge it. */
function run(scorer: WasmScorer, steps: readonly Placed[], size: number, seriesCount: number) {
  let windows: ReferenceOutcome[][] = Array.from({ length: seriesCount }, () => []);
  let hardDown = false;
  let batch: Placed[] = [];
  const flush = () => {
    feed(scorer, batch);
    batch = [];
  };
  for (const one of steps) {
    if (one.before !== "nothing" || batch.length === size) flush();
    if (one.before === "reset") {
      scorer.resetPath(pathIndex(0));
      windows = windows.map(() => []);
    } else if (one.before !== "nothing") {
      hardDown = one.before === "hard-down";
      scorer.setHardDown(pathIndex(0), hardDown);
    }
    batch.push(one);
    if (!isRefused(one)) windows[one.series]?.push(one);
  }
  flush();
  return { windows, hardDown };
}

function totalsOf(steps: readonly Placed[], seriesCount: number): number[] {
  const totals: number[] = Array(seriesCount * OUTCOME_KINDS.length).fill(0);
  for (const one of steps) {
    const at = one.series * OUTCOME_KINDS.length + OUTCOME[one.kind];
    if (!isRefused(one)) totals[at] = (totals[at] ?? 0) + 1;
  }
  return totals;
}

function same(got: number, want: number): boolean {
  if (Number.isNaN(want) || Number.isNaN(got)) return Number.isNaN(want) && Number.isNaN(got);
  return Math.abs(got - want) <= 1e-9 * Math.max(1, Math.abs(want));
}

function expectSeries(scorer: WasmScorer, row: number, want: ReferenceResult) {
  const wrong = METRICS.map(
    (metric) => [metric, scorer.series[metric][row] ?? Number.NaN, want[metric]] as const,
  ).filter(([, got, expected]) => !same(got, expected));
  expect(wrong).toEqual([]);
  expect(scorer.series.samples[row]).toBe(want.samples);
  expect(statusOf(scorer.series.status[row] ?? 0)).toBe(want.status);
  if (want.isClear) expect(limitingOf(scorer.series.limiting[row] ?? 0)).toBe(want.limiting);
}

test("ingest() agrees with the reference on every metric of every stream", () => {
  const scorer = scorerOf(pathLayout());
  fc.assert(
    fc.property(stream, ({ first, batch, steps, ...settings }) => {
      const layout = pathLayout(settings);
      const { seriesCount, reliability } = settings;
      scorer.configure([layout]);
      const all = placed(first, steps, seriesCount);
      const { windows, hardDown } = run(scorer, all, batch, seriesCount);
      const want = windows.map((outcomes) => referenceResult(layout, outcomes));
      for (const [row, result] of want.entries()) expectSeries(scorer, row, result);
      const path = referencePath(reliability, want, hardDown);
      expect(statusOf(scorer.paths.status[0] ?? 0)).toBe(path.status);
      expect(same(scorer.paths.score[0] ?? 0, path.score)).toBe(true);
      expect(scorer.paths.chosen[0]).toBe(path.chosen);
      if (hardDown) expect(limitingOf(scorer.paths.limiting[0] ?? 0)).toBe("reachability");
      expect(scorer.rejected).toBe(all.filter(isRefused).length);
      expect([...scorer.series.totals]).toEqual(totalsOf(all, seriesCount));
    }),
    { numRuns: RUNS },
  );
});
