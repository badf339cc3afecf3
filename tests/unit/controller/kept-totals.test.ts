/** Counters of paths that a reload leaves go on; those of others begin at 0. */

import { describe, expect, test } from "bun:test";
import { KeptTotals } from "../../../agent/controller/kept-totals.ts";
import { planProbes } from "../../../agent/controller/probe-table.ts";
import type { PathConfig } from "../../../agent/domain/config.ts";
import { OUTCOME, OUTCOME_KINDS } from "../../../agent/domain/outcome.ts";
import { agentConfig, pathConfig } from "../../support/configs.ts";
import { FakeScorer } from "../../support/fake-scorer.ts";

const SERIES_MAX = 8;

function world() {
  const scorer = new FakeScorer(SERIES_MAX);
  const totals = new KeptTotals(scorer);
  const { totals: cells } = scorer.series;
  let revision = 0;
  /** Gives the core these paths, which empties it. */
  const apply = (...paths: PathConfig[]) => {
    const config = agentConfig(paths);
    const plan = planProbes(config, { known: new Map(), scopeOf: () => 0 });
    totals.across({ config, plan, revision: revision++ }, () => cells.fill(0));
  };
  const at = (series: number, kind: keyof typeof OUTCOME) =>
    series * OUTCOME_KINDS.length + OUTCOME[kind];
  const add = (series: number, kind: keyof typeof OUTCOME, n: number) => {
    cells[at(series, kind)] = (cells[at(series, kind)] ?? 0) + n;
  };
  const replied = () => Array.from({ length: 4 }, (_, i) => cells[at(i, "replied")]);
  return { apply, add, replied, of: (series: number) => cells[at(series, "expired")] };
}

describe("KeptTotals", () => {
  test("across() keeps every kind of every target through a change of settings", () => {
    const { apply, add, replied, of } = world();
    const path = pathConfig("a", ["192.0.2.1", "192.0.2.2"]);
    apply(path);
    add(0, "replied", 10);
    add(1, "replied", 20);
    add(1, "expired", 3);
    apply({ ...path, cost: 7 });
    expect(replied()).toEqual([10, 20, 0, 0]);
    expect(of(1)).toBe(3);
  });

  test("across() finds paths and targets again wherever they stand", () => {
    const { apply, add, replied } = world();
    apply(pathConfig("a", ["192.0.2.1"]), pathConfig("b", ["192.0.2.1", "192.0.2.2"]));
    add(0, "replied", 1);
    add(1, "replied", 2);
    add(2, "replied", 3);
    apply(pathConfig("b", ["192.0.2.2", "192.0.2.9", "192.0.2.1"]), pathConfig("a", ["192.0.2.1"]));
    expect(replied()).toEqual([3, 0, 2, 1]);
  });

  test("across() starts a path at 0 that lost a target, and one that was away", () => {
    const { apply, add, replied } = world();
    const a = pathConfig("a", ["192.0.2.1", "192.0.2.2"]);
    const b = pathConfig("b", ["192.0.2.3"]);
    apply(a, b);
    for (const series of [0, 1, 2]) add(series, "replied", 5);
    apply(pathConfig("a", ["192.0.2.1"]));
    expect(replied()).toEqual([0, 0, 0, 0]);
    add(0, "replied", 1);
    apply(a, b);
    expect(replied()).toEqual([1, 0, 0, 0]);
  });
});
