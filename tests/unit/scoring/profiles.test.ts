import { describe, expect, test } from "bun:test";
import { PATH_FIELDS, PROFILE_FIELDS } from "../../../agent/scoring/core-abi.ts";
import { profilesOf } from "../../../agent/scoring/profiles.ts";
import { pathLayout } from "../../support/core.ts";

describe("profilesOf()", () => {
  test("is empty without paths", () => {
    expect(profilesOf([])).toEqual({ rows: new Uint32Array(0), profiles: [], profileCount: 0 });
  });

  test("gives equal settings one profile, whatever the series", () => {
    const paths = [
      pathLayout({ seriesCount: 2, reliability: 2 }),
      pathLayout({ firstSeries: 2, minSamples: 3 }),
      pathLayout({ firstSeries: 3 }),
    ];
    const { rows, profiles, profileCount } = profilesOf(paths);
    expect(profileCount).toBe(2);
    expect(profiles.length).toBe(2 * PROFILE_FIELDS);
    expect(rows.length).toBe(3 * PATH_FIELDS);
    expect([...rows]).toEqual([0, 2, 2, 0, 2, 1, 1, 1, 3, 1, 1, 0]);
  });

  test("writes the fields in the core's order, a cap that is off as NaN", () => {
    const { thresholds } = pathLayout();
    const off = { ...thresholds, loss_pct: { max: 2, critical: null } };
    expect(profilesOf([pathLayout({ thresholds: off })]).profiles).toEqual([
      ...[50, 5, 100, 400, 2, Number.NaN, 10, 80],
      ...[0.4, 0.4, 0.2],
    ]);
  });

  test("tells a cap that is off from one that is on", () => {
    const { thresholds } = pathLayout();
    const off = { ...thresholds, loss_pct: { max: 2, critical: null } };
    const paths = [pathLayout(), pathLayout({ firstSeries: 1, thresholds: off })];
    expect(profilesOf(paths).profileCount).toBe(2);
  });
});
