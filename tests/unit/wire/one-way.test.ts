/** Exchanges with clocks that agree, differ by years, or lie. */

import { describe, expect, test } from "bun:test";
import { dwellUs, forwardUs } from "../../../agent/wire/one-way.ts";

const YEAR_US = 365 * 86_400 * 1e6;

describe("dwellUs()", () => {
  const rows = [
    { name: "is T3 - T2", t2: 100, t3: 130, span: 200, want: 30 },
    { name: "is 0 where the reflector sets T2 = T3", t2: 100, t3: 100, span: 200, want: 0 },
    { name: "rejects T3 before T2", t2: 100, t3: 99, span: 200, want: 0 },
    { name: "may be all of the span", t2: 100, t3: 300, span: 200, want: 200 },
    { name: "rejects more than the span", t2: 100, t3: 301, span: 200, want: 0 },
    { name: "does not mind a clock a year ahead", t2: YEAR_US, t3: YEAR_US + 7, span: 9, want: 7 },
    { name: "nor one a year behind", t2: -YEAR_US, t3: -YEAR_US + 7, span: 9, want: 7 },
  ] as const;
  test.each(rows)("dwellUs() $name", ({ t2, t3, span, want }) => {
    expect(dwellUs(t2, t3, span)).toBe(want);
  });
});

describe("forwardUs()", () => {
  test("is T2 - T1 between trusted clocks, negative ones included", () => {
    expect(forwardUs(100, 350, true)).toBe(250);
    expect(forwardUs(100, 40, true)).toBe(-60);
  });

  test("is withheld where one clock is not synchronised", () => {
    expect(forwardUs(100, 350, false)).toBeNaN();
  });

  test("is withheld where a clock claims to be synchronised and is a year off", () => {
    expect(forwardUs(0, YEAR_US, true)).toBeNaN();
    expect(forwardUs(0, -YEAR_US, true)).toBeNaN();
  });
});
