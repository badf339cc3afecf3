/** When silence is death, and when it is only a burst, a slow line or our own stall. */

import { describe, expect, test } from "bun:test";
import type { TableRow } from "../../../agent/wire/frame.ts";
import { VERDICT } from "../../../agent/wire/verdict.ts";
import type { Line } from "../../support/liveness-sim.ts";
import { LivenessSim } from "../../support/liveness-sim.ts";
import { icmpRow } from "../../support/table-rows.ts";

const MS = 1_000;
const S = 1_000_000;

const BALANCED: Partial<TableRow> = {
  downAfter: 4,
  upAfter: 5,
  intervalUs: 2 * S,
  timeoutUs: S,
  confirmIntervalUs: 100 * MS,
  silenceUs: 800 * MS,
};
const FAST: Partial<TableRow> = {
  ...BALANCED,
  intervalUs: 100 * MS,
  confirmIntervalUs: 40 * MS,
  silenceUs: 300 * MS,
};

function targets(count: number, changes: Partial<TableRow>, reliability = 1): TableRow[] {
  return Array.from({ length: count }, (_, i) =>
    icmpRow([192, 0, 2, i + 1], { ...changes, reliability, phase: i / count }),
  );
}

/**
 * Answers after `rttMs` outside of the silent spans [from, to) of each series, in seconds; what is
 * on its way when a span begins is lost too.
 */
function line(rttMs: number, silent: readonly (readonly [number, number])[][]): Line {
  return {
    reply: (series, atUs) =>
      (silent[series] ?? []).some(([from, to]) => atUs + rttMs * MS >= from * S && atUs < to * S)
        ? null
        : rttMs * MS,
  };
}

/** Kinds of the path's verdicts, without those of targets. */
function story(sim: LivenessSim): number[] {
  return sim.verdicts.map(({ kind }) => kind).filter((kind) => kind <= VERDICT.up);
}

describe("Liveness", () => {
  test("a path that falls silent is suspect first and down behind silence_ms", () => {
    const sim = new LivenessSim(targets(1, BALANCED), line(20, [[[9, 99]]]), 1).run(20 * S);
    expect(story(sim)).toEqual([VERDICT.suspect, VERDICT.down]);
    const [down = 0] = sim.downs;
    expect(down).toBeGreaterThanOrEqual(9.8 * S);
    expect(down).toBeLessThanOrEqual(12 * S);
  });

  test("confirmations stop with the verdict, and the schedule goes on", () => {
    const sim = new LivenessSim(targets(1, BALANCED), line(20, [[[9, 99]]]), 1).run(20 * S);
    const { confirmations } = sim;
    expect(confirmations).toBeGreaterThanOrEqual(4);
    expect(confirmations).toBeLessThanOrEqual(10);
    sim.run(60 * S);
    expect(sim.confirmations).toBe(confirmations);
  });

  test("up_after replies at confirmation pace bring it back", () => {
    const sim = new LivenessSim(targets(1, BALANCED), line(20, [[[9, 30]]]), 1).run(60 * S);
    expect(story(sim)).toEqual([VERDICT.suspect, VERDICT.down, VERDICT.up]);
    const up = sim.verdicts.at(-1)?.atUs ?? 0;
    expect(up).toBeLessThanOrEqual((30 + 2.1 + 0.5) * S);
  });

  test("a miss while it comes back starts the proof anew", () => {
    let answers = 0;
    const hesitant: Line = {
      reply: (_, atUs) => {
        if (atUs < 9 * S || atUs > 40 * S) return 20 * MS;
        return atUs > 30 * S && ++answers <= 4 ? 20 * MS : null;
      },
    };
    const sim = new LivenessSim(targets(1, BALANCED), hesitant, 1).run(60 * S);
    expect(story(sim)).toEqual([VERDICT.suspect, VERDICT.down, VERDICT.up]);
    expect(sim.verdicts.at(-1)?.atUs).toBeGreaterThan(40 * S);
  });

  test("a burst of 200 ms is no death", () => {
    for (let at = 0; at < 40; at++) {
      const from = 100 + at * 0.05;
      const sim = new LivenessSim(targets(1, FAST), line(20, [[[from, from + 0.2]]]), at);
      expect(sim.run(110 * S).downs).toEqual([]);
    }
  });

  test("a sudden rise of the RTT below silence_ms is no death", () => {
    const rising: Line = { reply: (_, atUs) => (atUs < 10 * S ? 5 * MS : 450 * MS) };
    expect(new LivenessSim(targets(1, BALANCED), rising, 1).run(30 * S).downs).toEqual([]);
  });

  test("a path that never answered is down behind its timeout, not before", () => {
    const sim = new LivenessSim(targets(1, FAST), line(20, [[[0, 99]]]), 1).run(10 * S);
    expect(sim.downs.length).toBe(1);
    expect(sim.downs[0]).toBeGreaterThanOrEqual(S);
  });

  test("one of three targets silent leaves the path up, two leave it up with k = 1", () => {
    const silent = [[[9, 99] as const], [[20, 99] as const], []];
    const sim = new LivenessSim(targets(3, BALANCED), line(20, silent), 1).run(60 * S);
    expect(sim.downs).toEqual([]);
    expect(sim.count(VERDICT.targetDead)).toBe(2);
  });

  test("with k = 2 of 3 the second silent target takes the path down, and its return lifts it", () => {
    const silent = [[[9, 99] as const], [[20, 40] as const], []];
    const sim = new LivenessSim(targets(3, BALANCED, 2), line(20, silent), 1).run(60 * S);
    expect(story(sim).filter((kind) => kind >= VERDICT.down)).toEqual([VERDICT.down, VERDICT.up]);
    expect(sim.downs[0]).toBeGreaterThan(20 * S);
    expect(sim.downs[0]).toBeLessThan(23 * S);
  });

  test("a target that is dead for good costs no confirmations while others answer", () => {
    const sim = new LivenessSim(targets(2, BALANCED), line(20, [[[9, 999]], []]), 1).run(20 * S);
    const { confirmations } = sim;
    expect(sim.run(600 * S).confirmations).toBe(confirmations);
  });

  test("void() ends suspicion and streaks but lifts no verdict", () => {
    const doubted = new LivenessSim(targets(1, BALANCED), line(20, [[[9, 99]]]), 1);
    doubted.run(20 * S, () => doubted.count(VERDICT.suspect) > 0);
    expect(doubted.liveness.isConfirming(0)).toBe(true);
    doubted.liveness.void();
    expect(doubted.liveness.isConfirming(0)).toBe(false);

    const down = new LivenessSim(targets(1, BALANCED), line(20, [[[9, 99]]]), 1).run(20 * S);
    down.liveness.void();
    expect(down.liveness.isDown(0)).toBe(true);
  });

  test("a whole uplink of 1,000 paths that dies at once is confirmed at a bounded rate", () => {
    const rows = Array.from({ length: 1_000 }, (_, i) =>
      icmpRow([10, 0, i >> 8, i & 255], {
        ...BALANCED,
        path: i,
        intervalUs: 10 * S,
        phase: i / 1_000,
      }),
    );
    const sim = new LivenessSim(rows, { reply: (_, atUs) => (atUs < 10 * S ? 20 * MS : null) }, 1);
    sim.run(20 * S);
    const before = sim.confirmations;
    sim.run(21 * S);
    expect(sim.confirmations - before).toBeLessThanOrEqual(2_500);
    sim.run(60 * S);
    expect(sim.count(VERDICT.down)).toBe(1_000);
  });
});

describe("Liveness against the computed table", () => {
  /** Death at random moments of a path at work; spans from death to verdict, ms, ascending. */
  function spans(profile: Partial<TableRow>, rttMs: number, runs: number): number[] {
    return Array.from({ length: runs }, (_, seed) => {
      const death = 60 + ((seed * 0.6180339887) % 1) * 4;
      const sim = new LivenessSim(targets(1, profile), line(rttMs, [[[death, 999]]]), seed);
      sim.run(80 * S, () => sim.downs.length > 0);
      return ((sim.downs[0] ?? Number.POSITIVE_INFINITY) - death * S) / MS;
    }).sort((a, b) => a - b);
  }

  const rows = [
    { name: "balanced", profile: BALANCED, rttMs: 5, worst: 3_000 },
    { name: "balanced", profile: BALANCED, rttMs: 50, worst: 3_000 },
    { name: "balanced", profile: BALANCED, rttMs: 300, worst: 3_000 },
    { name: "fast", profile: FAST, rttMs: 5, worst: 450 },
    { name: "fast", profile: FAST, rttMs: 50, worst: 450 },
    { name: "fast", profile: FAST, rttMs: 200, worst: 500 },
    { name: "fast", profile: FAST, rttMs: 300, worst: 620 },
  ];
  test.each(rows)("$name at $rttMs ms is down within $worst ms", ({ profile, rttMs, worst }) => {
    const all = spans(profile, rttMs, 200);
    expect(all.at(-1)).toBeLessThanOrEqual(worst);
    // The first probe that stays unanswered left up to one RTT before the death.
    expect(all[0]).toBeGreaterThanOrEqual((profile.silenceUs ?? 0) / MS - rttMs);
  });
});
