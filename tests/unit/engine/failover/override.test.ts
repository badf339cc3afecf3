import { describe, expect, test } from "bun:test";
import { micros, US_PER_S } from "../../../../agent/domain/units.ts";
import {
  isExpired,
  override,
  persistOverride,
  restoreOverride,
} from "../../../../agent/engine/failover/override.ts";
import { SIGNED, seconds } from "../../../support/failover-steps.ts";

const TEN = micros(10 * US_PER_S);

describe("override()", () => {
  test("ends at its time, exactly", () => {
    const one = override(SIGNED, TEN, seconds(5));
    expect(isExpired(one, seconds(14.999))).toBe(false);
    expect(isExpired(one, seconds(15))).toBe(true);
  });

  test("without a time never ends", () => {
    expect(isExpired(override(SIGNED, null, seconds(5)), seconds(1e9))).toBe(false);
  });
});

test.each([
  { elapsed: 3, since: 1_000 - 4 - 3, end: 1_000 + 6 - 3 },
  { elapsed: 0, since: 1_000 - 4, end: 1_000 + 6 },
])("restoreOverride() after $elapsed s", ({ elapsed, since, end }) => {
  const kept = persistOverride(override(SIGNED, TEN, seconds(5)), seconds(9));
  const one = restoreOverride(kept, micros(elapsed * US_PER_S), seconds(1_000));
  expect(one).toEqual({ ...SIGNED, since: seconds(since), expiresAt: seconds(end) });
});
