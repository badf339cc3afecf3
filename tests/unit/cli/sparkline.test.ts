import { describe, expect, test } from "bun:test";
import { sparkline, squeeze } from "../../../agent/cli/sparkline.ts";

describe("sparkline()", () => {
  test("goes from the lowest to the highest bar, with gaps for what does not exist", () => {
    expect(sparkline([0, 50, null, 100])).toBe("▁▅ █");
  });

  test("keeps to a scale that is given", () => {
    expect(sparkline([90, 100], { min: 0, max: 100 })).toBe("██");
    expect(sparkline([-5, 120], { min: 0, max: 100 })).toBe("▁█");
  });

  test("of equal values is flat, of nothing empty", () => {
    expect(sparkline([7, 7])).toBe("▁▁");
    expect(sparkline([])).toBe("");
    expect(sparkline([null])).toBe(" ");
  });
});

describe("squeeze()", () => {
  test("keeps the worst of neighbours", () => {
    expect(squeeze([1, 9, 2, null, null, null, 4], 4)).toEqual([9, 2, null, 4]);
    expect(squeeze([100, 20, 90, 80], 2, Math.min)).toEqual([20, 80]);
  });

  test("leaves alone what fits", () => {
    expect(squeeze([1, 2], 2)).toEqual([1, 2]);
  });
});
