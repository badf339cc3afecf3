import { describe, expect, test } from "bun:test";
import { pathId } from "../../../agent/domain/ids.ts";
import { instant, unixSeconds } from "../../../agent/domain/units.ts";
import { OpenRollup } from "../../../agent/scoring/open-rollup.ts";
import { histogramOf } from "../../support/rollups.ts";

const END = unixSeconds(300);
const PATH = pathId("fiber");

function at(seconds: number) {
  return instant(seconds * 1e6);
}

describe("OpenRollup", () => {
  test("close() tells the time in each status, and unknown is in none of them", () => {
    const open = new OpenRollup(PATH, "unknown", at(0));
    open.changeStatus("up", at(20));
    open.changeStatus("degraded", at(120));
    open.changeStatus("down", at(150.4));
    const row = open.close(END, at(300));
    expect(row).toMatchObject({ up_s: 100, degraded_s: 30, down_s: 150, maint_s: 0 });
    expect(open.close(END, at(310))).toMatchObject({ up_s: 0, degraded_s: 0, down_s: 10 });
  });

  test("close() never tells more seconds than there were", () => {
    const open = new OpenRollup(PATH, "up", at(0));
    open.changeStatus("degraded", at(99.5));
    open.changeStatus("down", at(200));
    const row = open.close(END, at(300));
    expect((row?.up_s ?? 0) + (row?.degraded_s ?? 0) + (row?.down_s ?? 0)).toBe(300);
  });

  test("voidSpan() leaves a stall out, whatever the status", () => {
    const open = new OpenRollup(PATH, "up", at(0));
    open.voidSpan(at(100), at(200));
    expect(open.close(END, at(300))?.up_s).toBe(200);
  });

  test("takeCheck() keeps sums and extremes; a jitter that does not exist counts for none", () => {
    const open = new OpenRollup(PATH, "up", at(0));
    open.takeCheck({ lossPct: 2, jitterMs: 0.5, score: 99 });
    open.takeCheck({ lossPct: 100, jitterMs: null, score: 0 });
    expect(open.close(END, at(1))).toMatchObject({
      checks: 2,
      loss_max_bp: 10_000,
      jitter_sum_us: 500,
      jitter_max_us: 500,
      score_sum_c: 9_900,
      score_min_c: 0,
    });
    expect(open.close(END, at(2))).toMatchObject({ checks: 0, score_min_c: null, loss_max_bp: 0 });
  });

  test("takeTally() adds up what the core counted", () => {
    const open = new OpenRollup(PATH, "unknown", at(0));
    const rtt = { sumUs: 20_000, minUs: 9_000.4, maxUs: 11_000, histogram: histogramOf(10, 2) };
    open.takeTally({ probes: 3, lost: 1, rtt });
    open.takeTally({ probes: 2, lost: 2, rtt: null });
    open.takeTally({ probes: 2, lost: 0, rtt: { ...rtt, minUs: 8_000 } });
    expect(open.close(END, at(1))).toMatchObject({
      probes: 7,
      lost: 3,
      rtt_sum_us: 40_000,
      rtt_min_us: 8_000,
      rtt_max_us: 11_000,
      rtt_hist: histogramOf(10, 4),
    });
  });

  test("close() gives no row when nothing is known", () => {
    expect(new OpenRollup(PATH, "unknown", at(0)).close(END, at(300))).toBeNull();
  });
});
