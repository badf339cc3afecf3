import { describe, expect, test } from "bun:test";
import { TIER_SECS } from "../../../agent/domain/rollup.ts";
import type { TierLimits } from "../../../agent/domain/tier-plan.ts";
import { planTiers } from "../../../agent/domain/tier-plan.ts";
import { fc } from "../../support/property.ts";
import { DAY0 } from "../../support/rollups.ts";

const HOUR = 3_600;
const DAY = 86_400;

function limits(over: Partial<TierLimits> = {}): TierLimits {
  return {
    oldest: { "5m": 0, "1h": 0, "1d": 0 },
    made: { "1h": DAY0 + 100 * DAY, "1d": DAY0 + 100 * DAY },
    ...over,
  };
}

function shape(from: number, to: number, given = limits()) {
  return planTiers(from, to, given).segments.map(({ tier, ends }) => [tier, ends.length]);
}

describe("planTiers()", () => {
  test("takes days, hours at their edges and five minutes at the edges of those", () => {
    const from = DAY0 + 22 * HOUR + 50 * 60;
    const to = DAY0 + 3 * DAY + 2 * HOUR + 10 * 60;
    expect(shape(from, to)).toEqual([
      ["5m", 2],
      ["1h", 1],
      ["1d", 2],
      ["1h", 2],
      ["5m", 2],
    ]);
  });

  test("takes nothing coarser than what is made", () => {
    const made = { "1h": DAY0 + 25 * HOUR, "1d": 0 };
    expect(shape(DAY0, DAY0 + 26 * HOUR, limits({ made }))).toEqual([
      ["1h", 25],
      ["5m", 12],
    ]);
  });

  test("moves edges outwards to the grid", () => {
    const plan = planTiers(DAY0 + 1, DAY0 + 301, limits());
    expect([plan.from, plan.to]).toEqual([DAY0, DAY0 + 600]);
  });

  test("cuts an edge off that only coarser buckets reach, and says where it begins", () => {
    const oldest = { "5m": DAY0 + 50 * DAY, "1h": DAY0 + 20 * DAY, "1d": DAY0 };
    const plan = planTiers(DAY0 + 400, DAY0 + 60 * DAY, limits({ oldest }));
    expect(plan.from).toBe(DAY0 + DAY);
    expect(shape(DAY0 + 30 * DAY + 400, DAY0 + 60 * DAY, limits({ oldest }))[0]).toEqual([
      "1h",
      23,
    ]);
  });

  test("of an empty store is five minutes throughout", () => {
    const oldest = { "5m": null, "1h": null, "1d": null };
    expect(shape(DAY0, DAY0 + DAY, { oldest, made: { "1h": 0, "1d": 0 } })).toEqual([["5m", 288]]);
  });

  test("covers every five minutes of the span once, whatever the span and what is made", () => {
    const step = fc.nat(100 * 288).map((i) => DAY0 + i * 300);
    fc.assert(
      fc.property(step, step, step, step, (a, b, hours, days) => {
        const [from, to] = [Math.min(a, b), Math.max(a, b)];
        const made = {
          "1h": Math.floor(hours / HOUR) * HOUR,
          "1d": Math.floor(Math.min(hours, days) / DAY) * DAY,
        };
        let at = from;
        for (const { tier, ends } of planTiers(from, to, limits({ made })).segments) {
          for (const end of ends) {
            expect(end - TIER_SECS[tier]).toBe(at);
            expect(end % TIER_SECS[tier]).toBe(0);
            at = end;
          }
        }
        expect(at).toBe(to);
      }),
    );
  });
});
