import { describe, expect, test } from "bun:test";
import { unixSeconds } from "../../../agent/domain/units.ts";
import { incidentsOf } from "../../../agent/sla/incidents.ts";
import { sliceOf } from "../../../agent/sla/slice.ts";
import { DAY0, rollup } from "../../support/rollups.ts";

/** Buckets from midnight on with so many seconds down. */
function slices(...downs: number[]) {
  return downs.map((down, i) =>
    sliceOf(
      rollup(DAY0 + (i + 1) * 300, { up_s: 300 - down, down_s: down, lost: down / 2 }),
      300,
      [],
    ),
  );
}

function mark(second: number, status: "up" | "down", cause: string) {
  return { at: unixSeconds(DAY0 + second), status, cause } as const;
}

describe("incidentsOf()", () => {
  test("joins neighbouring buckets; down time touches where they meet", () => {
    expect(incidentsOf(slices(0, 40, 300, 25, 0), [], 1_000)).toEqual([
      {
        from: DAY0 + 560,
        to: DAY0 + 925,
        down_s: 365,
        excused_s: 0,
        cause: "no replies",
        is_exact: false,
        budget_pct: 36.5,
      },
    ]);
  });

  test("a good bucket between makes two", () => {
    expect(incidentsOf(slices(10, 0, 10), [], null).map(({ down_s }) => down_s)).toEqual([10, 10]);
  });

  test("status changes give the moments and the cause", () => {
    const marks = [mark(477, "down", "silence"), mark(842, "up", "replies")];
    expect(incidentsOf(slices(0, 123, 242, 0), marks, null)[0]).toMatchObject({
      from: DAY0 + 477,
      to: DAY0 + 842,
      down_s: 365,
      cause: "silence",
      is_exact: true,
      budget_pct: null,
    });
  });

  test("within one bucket it lasts as long as the path was down", () => {
    expect(incidentsOf(slices(0, 20), [], null)[0]).toMatchObject({
      from: DAY0 + 300,
      to: DAY0 + 320,
      is_exact: false,
    });
  });

  test("what was in maintenance is listed and costs nothing", () => {
    const row = rollup(DAY0 + 300, { up_s: 0, down_s: 300 });
    const slice = sliceOf(row, 300, [{ from: unixSeconds(DAY0 - 1), to: null }]);
    expect(incidentsOf([slice], [], 1_000)[0]).toMatchObject({
      down_s: 0,
      excused_s: 300,
      budget_pct: 0,
    });
  });
});
