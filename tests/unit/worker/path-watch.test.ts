import { describe, expect, test } from "bun:test";
import { pathIndex } from "../../../agent/domain/ids.ts";
import { OUTCOME, OUTCOME_FLAG } from "../../../agent/domain/outcome.ts";
import { micros } from "../../../agent/domain/units.ts";
import { VERDICT } from "../../../agent/wire/verdict.ts";
import { planLiveness } from "../../../agent/worker/liveness-plan.ts";
import { PathWatch } from "../../../agent/worker/path-watch.ts";
import type { Outcome } from "../../../agent/worker/tracker.ts";
import { icmpRow } from "../../support/table-rows.ts";

const MS = 1_000;

function outcome(sentMs: number, of: Partial<Outcome> = {}): Outcome {
  return {
    ...{ series: 0, kind: OUTCOME.replied, flags: 0, code: 0, seq: 0, rttUs: MS },
    ...{ sentUs: sentMs * MS, wasOverdue: false, forwardUs: 0 },
    ...of,
  };
}

/** One path with one target, that needs three replies to come back. */
function watchOf(heldDown: readonly number[] = []) {
  const records: Outcome[] = [];
  const verdicts: number[] = [];
  const liveness = { downAfter: 4, upAfter: 3, confirmIntervalUs: 40 * MS, silenceUs: 300 * MS };
  const row = icmpRow([192, 0, 2, 1], liveness);
  const plan = planLiveness([row], Float64Array.of(1_000 * MS), false);
  const watch = new PathWatch(
    plan,
    {
      record: (one) => void records.push({ ...one }),
      verdict: (kind) => void verdicts.push(kind),
    },
    heldDown,
  );
  const at = (ms: number) => {
    watch.nowUs = ms * MS;
    return watch;
  };
  return { watch, at, records, verdicts };
}

describe("a path that comes back", () => {
  test("brings the replies that proved it, and leaves out what is older", () => {
    const { at, records, verdicts } = watchOf([0]);
    for (const ms of [100, 140, 180]) at(ms + 1).record(outcome(ms));
    expect(verdicts).toContain(VERDICT.up);
    const seeds = records.filter(({ flags }) => (flags & OUTCOME_FLAG.seed) !== 0);
    expect(seeds.map(({ sentUs }) => sentUs / MS)).toEqual([100, 140, 180]);

    at(200).record(outcome(90, { kind: OUTCOME.expired, wasOverdue: true }));
    at(300).record(outcome(280));
    const [old, fresh] = records.slice(-2);
    expect(old?.flags).toBe(OUTCOME_FLAG.stale);
    expect(fresh?.flags).toBe(0);
  });
});

describe("probes beside the schedule", () => {
  const burst = { path: pathIndex(0), probes: 2, pace: micros(20 * MS) };

  test.each([
    { isCounted: false, name: "to verify a path tell of life only" },
    { isCounted: true, name: "to warm it up count as scheduled ones" },
  ])("$name", ({ isCounted }) => {
    const { watch } = watchOf();
    const asked: number[] = [];
    watch.burst({ ...burst, isCounted }, 0);
    expect(watch.nextDueUs()).toBe(0);
    watch.advance(0, (series) => asked.push(series));
    expect(asked).toEqual([0]);
    expect([watch.isAsked(0), watch.isConfirming(0)]).toEqual([true, !isCounted]);
    watch.advance(10 * MS, (series) => asked.push(series));
    expect([asked.length, watch.isAsked(0), watch.isConfirming(0)]).toEqual([1, false, false]);
    watch.advance(20 * MS, (series) => asked.push(series));
    expect([asked.length, watch.nextDueUs()]).toEqual([2, Number.POSITIVE_INFINITY]);
  });
});
