import { describe, expect, test } from "bun:test";
import { Pace } from "../../../../agent/controller/queue/pace.ts";
import { instant } from "../../../../agent/domain/units.ts";

describe("Pace", () => {
  test("lets entries go at its rate, and a late timer does not lower it", () => {
    const pace = new Pace(10);
    expect(pace.ready(instant(0))).toBe(instant(0));
    pace.take(instant(0));
    expect(pace.ready(instant(1))).toBe(instant(100_000));
    pace.take(instant(130_000));
    expect(pace.ready(instant(130_000))).toBe(instant(200_000));
  });

  test("a pause is not followed by a burst", () => {
    const pace = new Pace(10);
    pace.take(instant(0));
    pace.take(instant(5_000_000));
    expect(pace.ready(instant(5_000_000))).toBe(instant(5_100_000));
  });

  test("a start is spread over the time of the backlog, ten seconds at most", () => {
    const pace = new Pace(10);
    pace.spread(instant(0), 20, 0.5);
    expect(pace.ready(instant(0))).toBe(instant(1_000_000));
    pace.spread(instant(0), 1_000_000, 0.5);
    expect(pace.ready(instant(0))).toBe(instant(5_000_000));
  });
});
