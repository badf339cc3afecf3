import { describe, expect, test } from "bun:test";
import type { BurnRates } from "../../../agent/sla/budget.ts";
import { budgetOf, burnLevel, burnRates } from "../../../agent/sla/budget.ts";
import type { Slice } from "../../../agent/sla/slice.ts";
import { fc } from "../../support/property.ts";

const DAY = 86_400;

function slice(to: number, bad: number): Slice {
  return {
    ...{ from: to - 300, to, observed_s: 300, bad_s: bad, excused_s: 0 },
    ...{ quality: null, lossPct: null },
  };
}

describe("budgetOf()", () => {
  test("99.9 % of 31 days leave 2678.4 s", () => {
    expect(budgetOf(31 * DAY, 99.9, 669.6)).toEqual({
      total_s: 2678.4,
      spent_s: 669.6,
      remaining_s: 2008.8,
      remaining_pct: 75,
    });
  });

  test("is negative when overspent", () => {
    expect(budgetOf(30 * DAY, 99, 2 * 25_920)).toMatchObject({
      remaining_s: -25_920,
      remaining_pct: -100,
    });
  });

  test("more down time never leaves more", () => {
    const targets = fc.double({ min: 1, max: 99.9999, noNaN: true });
    const downs = fc.nat(31 * DAY);
    fc.assert(
      fc.property(targets, downs, downs, (target, a, b) => {
        const left = (bad: number) => budgetOf(31 * DAY, target, bad).remaining_s;
        expect(left(Math.max(a, b))).toBeLessThanOrEqual(left(Math.min(a, b)));
      }),
    );
  });
});

describe("burnRates()", () => {
  const NOW = 100 * DAY;
  const lastDays = (bad: (age: number) => number) =>
    Array.from({ length: 3 * 288 }, (_, i) => slice(NOW - i * 300, bad(i)));

  test("3 s of each 300 are ten times what 99.9 % allow", () => {
    const rates = burnRates(
      lastDays(() => 3),
      99.9,
      NOW,
    );
    for (const rate of Object.values(rates)) expect(rate).toBeCloseTo(10, 6);
  });

  test("each window sees its own buckets and no other", () => {
    // The newest bucket is down in full, the others are not.
    const rates = burnRates(
      lastDays((age) => (age === 0 ? 300 : 0)),
      99,
      NOW,
    );
    expect(rates["5m"]).toBeCloseTo(100, 6);
    expect(rates["30m"]).toBeCloseTo(100 / 6, 6);
    expect(rates["1h"]).toBeCloseTo(100 / 12, 6);
    expect(rates["6h"]).toBeCloseTo(100 / 72, 6);
    expect(rates["3d"]).toBeCloseTo(100 / 864, 6);
  });

  test("is null where nothing was watched", () => {
    expect(burnRates([slice(NOW - 3_000, 0)], 99, NOW)).toMatchObject({ "5m": null, "1h": 0 });
  });
});

describe("burnLevel()", () => {
  const NONE: BurnRates = { "5m": 0, "30m": 0, "1h": 0, "6h": 0, "3d": 0 };
  test.each([
    { name: "both short windows at 14.4", rates: { "5m": 14.4, "1h": 14.4 }, want: "page" },
    { name: "the hour below 14.4", rates: { "5m": 99, "1h": 14.3 }, want: "ok" },
    { name: "an hour that is over", rates: { "5m": 0, "1h": 99 }, want: "ok" },
    { name: "both middle windows at 6", rates: { "30m": 6, "6h": 6 }, want: "page" },
    { name: "three days at 1 that go on", rates: { "6h": 1, "3d": 1 }, want: "ticket" },
    { name: "three days that are over", rates: { "6h": 0, "3d": 5 }, want: "ok" },
    { name: "nothing known", rates: { "5m": null, "1h": null }, want: "ok" },
  ] as const)("is $want with $name", ({ rates, want }) => {
    expect(burnLevel({ ...NONE, ...rates })).toBe(want);
  });
});
