import { describe, expect, test } from "bun:test";
import { unixSeconds } from "../../../agent/domain/units.ts";
import { decodeAll, mergeBlobs, mergeRollups } from "../../../agent/scoring/rollup-merge.ts";
import { fc } from "../../support/property.ts";
import { DAY0, histogramOf, rollup, someRollups } from "../../support/rollups.ts";

const END = unixSeconds(DAY0 + 3_600);

describe("mergeRollups()", () => {
  test("adds sums, keeps extremes and merges histograms", () => {
    const other = { rtt_min_us: 9_000, rtt_max_us: null, score_min_c: null, loss_max_bp: 9_999 };
    const merged = mergeRollups([rollup(DAY0 + 300), rollup(DAY0 + 600, other)], END);
    expect(merged).toMatchObject({
      end: END,
      probes: 300,
      lost: 2,
      up_s: 600,
      rtt_min_us: 9_000,
      rtt_max_us: 13_000,
      score_min_c: 9_700,
      loss_max_bp: 9_999,
      checks: 60,
      rtt_hist: histogramOf(12, 298),
    });
  });

  test("gives the same in whatever grouping", () => {
    fc.assert(
      fc.property(someRollups, fc.nat(60), (rows, at) => {
        const [one, two] = [rows.slice(0, at), rows.slice(at)];
        const halves = [one, two].filter((half) => half.length > 0);
        const merged = halves.map((half) => mergeRollups(half, END));
        const whole = { ...mergeRollups(rows, END), path_id: "any" };
        expect({ ...mergeRollups(merged, END), path_id: "any" } as object).toEqual(whole);
      }),
    );
  });
});

describe("mergeBlobs()", () => {
  test("leaves out what is not a histogram", () => {
    const damaged = Uint8Array.from([200, 1]);
    expect(mergeBlobs([histogramOf(5, 1), damaged, null, histogramOf(5, 2)])).toEqual(
      histogramOf(5, 3),
    );
    expect(mergeBlobs([null, null])).toBeNull();
    expect(decodeAll([damaged])).toEqual([]);
  });
});
