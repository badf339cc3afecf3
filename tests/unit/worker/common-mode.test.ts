/** When a target is to blame, and when the paths are: rules 15 and 16 of the decision table. */

import { describe, expect, test } from "bun:test";
import type { TableRow } from "../../../agent/wire/frame.ts";
import { TABLE_FLAG } from "../../../agent/wire/frame.ts";
import { VERDICT } from "../../../agent/wire/verdict.ts";
import type { Line } from "../../support/liveness-sim.ts";
import { LivenessSim } from "../../support/liveness-sim.ts";
import { icmpRow } from "../../support/table-rows.ts";

const MS = 1_000;
const S = 1_000_000;
const DIES = 9 * S;

const BALANCED: Partial<TableRow> = {
  ...{ downAfter: 4, upAfter: 5, intervalUs: 2 * S, timeoutUs: S },
  ...{ confirmIntervalUs: 100 * MS, silenceUs: 800 * MS },
};
const FAST: Partial<TableRow> = {
  ...{ downAfter: 4, upAfter: 5, intervalUs: 100 * MS, timeoutUs: S },
  ...{ confirmIntervalUs: 40 * MS, silenceUs: 300 * MS },
};
const SHARED = [192, 0, 2, 1];
const OTHER = [192, 0, 2, 2];
const THIRD = [192, 0, 2, 3];

/** Rows by path; a third member marks a spare. */
type Ask = readonly [path: number, target: readonly number[], spare?: "spare"];

function rows(asks: readonly Ask[], pace: Partial<TableRow> = BALANCED): TableRow[] {
  return asks.map(([path, target, spare], i) => {
    const own = { ...pace, path, phase: i / asks.length };
    if (spare === undefined) return icmpRow(target, own);
    return icmpRow(target, { ...own, flags: TABLE_FLAG.spare, intervalUs: 0 });
  });
}

/** These series are silent from `DIES` until `untilUs`; all others answer after `rttMs`. */
function silent(series: readonly number[], { rttMs = 20, untilUs = 999 * S } = {}): Line {
  return {
    reply: (one, atUs) =>
      series.includes(one) && atUs + rttMs * MS >= DIES && atUs < untilUs ? null : rttMs * MS,
  };
}

function run(table: TableRow[], line: Line, seconds = 30): LivenessSim {
  return new LivenessSim(table, line, 1).run(seconds * S);
}

const suspected = (sim: LivenessSim) =>
  sim.verdicts.filter(({ kind }) => kind === VERDICT.targetSuspect).map(({ index }) => index);
const isDown = (sim: LivenessSim, path: number) =>
  sim.verdicts.some(({ kind, index }) => kind === VERDICT.down && index === path);

describe("a target of two paths", () => {
  const table = (pace = BALANCED) =>
    rows(
      [
        [0, SHARED],
        [1, SHARED],
        [1, OTHER],
        [0, OTHER, "spare"],
      ],
      pace,
    );

  test.each([
    { name: "balanced", pace: BALANCED, rttMs: 20 },
    { name: "balanced at 100 ms", pace: BALANCED, rttMs: 100 },
    { name: "fast", pace: FAST, rttMs: 20 },
    { name: "fast at 100 ms", pace: FAST, rttMs: 100 },
  ])("$name: that dies is suspect, and neither path is down", ({ pace, rttMs }) => {
    const sim = run(table(pace), silent([0, 1], { rttMs }));
    expect(suspected(sim).sort()).toEqual([0, 1]);
    expect([isDown(sim, 0), isDown(sim, 1)]).toEqual([false, false]);
  });

  test.each([
    { name: "balanced at 200 ms", pace: BALANCED, rttMs: 200 },
    { name: "balanced at 300 ms", pace: BALANCED, rttMs: 300 },
    { name: "fast at 200 ms", pace: FAST, rttMs: 200 },
  ])("$name: nobody waits for the cross-check, but its spare brings it back", (one) => {
    const sim = run(table(one.pace), silent([0, 1], one));
    expect(suspected(sim).sort()).toEqual([0, 1]);
    const downAt = sim.downs[0] ?? 0;
    const up = sim.verdicts.find(({ kind }) => kind === VERDICT.up);
    if (downAt > 0) expect((up?.atUs ?? 0) - downAt).toBeLessThan(2_500 * MS);
  });

  test("that answers again speaks for its paths again", () => {
    const sim = run(table(), silent([0, 1], { untilUs: 40 * S }), 60);
    const cleared = sim.verdicts.filter(({ kind }) => kind === VERDICT.targetCleared);
    expect(cleared.map(({ index }) => index).sort()).toEqual([0, 1]);
    expect(cleared[0]?.atUs).toBeLessThan(43 * S);
    expect(sim.count(VERDICT.down)).toBe(0);
  });

  test("silent on one path alone is that path's death, as soon as without the other", () => {
    const shared = run(table(), silent([0]));
    const alone = run(
      rows([
        [0, SHARED],
        [1, THIRD],
        [1, OTHER],
      ]),
      silent([0]),
    );
    expect(suspected(shared)).toEqual([]);
    expect(shared.downs).toHaveLength(1);
    expect(Math.abs((shared.downs[0] ?? 0) - (alone.downs[0] ?? 0))).toBeLessThan(50 * MS);
  });

  test("when everything is silent everywhere the paths are down, not the target", () => {
    const sim = run(table(), silent([0, 1, 2, 3]));
    expect(suspected(sim)).toEqual([]);
    expect([isDown(sim, 0), isDown(sim, 1)]).toEqual([true, true]);
  });

  test("the uplink of a path that lives on a spare dies: the spare tells", () => {
    const line: Line = {
      reply: (one, atUs) => {
        if (one <= 1 && atUs >= DIES) return null;
        return one === 3 && atUs >= 30 * S ? null : 20 * MS;
      },
    };
    const sim = run(table(), line, 60);
    expect(suspected(sim).sort()).toEqual([0, 1]);
    expect(sim.downs.filter((at) => at < 30 * S)).toEqual([]);
    expect(isDown(sim, 0)).toBe(true);
    expect(sim.downs[0]).toBeLessThan(33 * S);
  });

  test("that died together with an uplink: its spare is silent too, and the path is down", () => {
    const sim = run(table(), silent([0, 1, 3]));
    expect(suspected(sim).sort()).toEqual([0, 1]);
    expect(isDown(sim, 0)).toBe(true);
    expect(isDown(sim, 1)).toBe(false);
  });

  test("without a spare the path is not judged while its only target is suspect", () => {
    const sim = run(
      rows([
        [0, SHARED],
        [1, SHARED],
        [1, OTHER],
      ]),
      silent([0, 1]),
    );
    expect(suspected(sim).sort()).toEqual([0, 1]);
    expect(sim.count(VERDICT.down)).toBe(0);
  });

  test("a witness from before the silence is none", () => {
    // The second path dies as a whole: what its other target said before proves nothing.
    const sim = run(table(), silent([0, 1, 2]));
    expect(suspected(sim)).toEqual([]);
    expect([isDown(sim, 0), isDown(sim, 1)]).toEqual([true, true]);
  });

  test("of two metered paths neither asks for the other", () => {
    const metered = table().map((row) => ({ ...row, flags: row.flags | TABLE_FLAG.metered }));
    const calm = run(metered, silent([]));
    expect(calm.crossChecks).toBe(0);
    const sim = run(metered, silent([0]));
    expect(sim.crossChecks).toBe(0);
    expect(isDown(sim, 0)).toBe(true);
  });
});

describe("three targets, two of them shared", () => {
  test("k of M: the suspect one is no member, so k of two is k of one", () => {
    const table = rows([
      [0, SHARED],
      [0, OTHER],
      [1, SHARED],
      [1, THIRD],
    ]).map((row) => ({ ...row, reliability: 2 }));
    const sim = run(table, silent([0, 2]));
    expect(suspected(sim).sort()).toEqual([0, 2]);
    expect(sim.count(VERDICT.down)).toBe(0);
  });
});
