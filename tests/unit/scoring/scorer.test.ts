import { describe, expect, test } from "bun:test";
import { pathIndex } from "../../../agent/domain/ids.ts";
import { chosenSeries, pathMetric } from "../../../agent/scoring/scorer.ts";
import { FakeScorer } from "../../support/fake-scorer.ts";

describe("reads of a path", () => {
  test("chosenSeries() is null and pathMetric() NaN while no series speaks for the path", () => {
    const scorer = new FakeScorer(1);
    expect(chosenSeries(scorer, pathIndex(0))).toBeNull();
    expect(pathMetric(scorer, pathIndex(0), (series) => series.latencyMs)).toBeNaN();
  });

  test("pathMetric() reads the column at the chosen series", () => {
    const scorer = new FakeScorer(2);
    scorer.paths.chosen[0] = 1;
    scorer.series.latencyMs[1] = 12.5;
    expect(pathMetric(scorer, pathIndex(0), (series) => series.latencyMs)).toBe(12.5);
  });

  test("a path beyond the last has no series", () => {
    expect(chosenSeries(new FakeScorer(1), pathIndex(7))).toBeNull();
  });
});
