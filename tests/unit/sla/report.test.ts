import { describe, expect, test } from "bun:test";
import { calendarMonth } from "../../../agent/domain/calendar.ts";
import { unixSeconds } from "../../../agent/domain/units.ts";
import { reportHtml } from "../../../agent/sla/html.ts";
import type { SlaReport } from "../../../agent/sla/report.ts";
import { reportRecords } from "../../../agent/sla/table.ts";
import { sampleReport } from "../../support/sla-month.ts";

const REPORT = sampleReport();

function pathReport({ subjects }: SlaReport) {
  const [first] = subjects;
  if (first === undefined) throw new Error("no subject");
  return first;
}

describe("subjectReport()", () => {
  test("a month by hand: 20 min down on the 5th, 30 min in maintenance on the 20th", () => {
    const path = pathReport(REPORT);
    // 31 days and the hour of the 25th; 99.9 % leave 2682 s, 1200 s are spent.
    expect(REPORT.to - REPORT.from).toBe(31 * 86_400 + 3_600);
    expect(path).toMatchObject({ observed_s: 2_682_000, down_s: 1_200, excused_s: 1_800 });
    expect(path.availability_pct).toBeCloseTo(100 * (1 - 1_200 / 2_682_000), 9);
    expect(path.budget).toEqual({
      total_s: 2_682,
      spent_s: 1_200,
      remaining_s: 1_482,
      remaining_pct: 55.257,
    });
    expect(path.coverage_pct).toBe(100);
    const [fourth, fifth, last] = [path.days[3], path.days[4], path.days.at(-1)];
    expect(fourth?.budget_remaining_pct).toBe(100);
    expect(fifth).toMatchObject({ date: "2026-10-05", down_s: 1_200 });
    expect(fifth?.availability_pct).toBeCloseTo(100 * (1 - 1_200 / 86_400), 9);
    expect(last?.budget_remaining_pct).toBeCloseTo(100 * (1 - 1_200 / 2_682), 9);
  });

  test("days add up to the month, the long one included", () => {
    const { days, observed_s, down_s } = pathReport(REPORT);
    expect(days.reduce((sum, day) => sum + day.observed_s, 0)).toBe(observed_s);
    expect(days.reduce((sum, day) => sum + day.down_s, 0)).toBe(down_s);
    expect(days.find(({ date }) => date === "2026-10-25")?.observed_s).toBe(90_000);
  });

  test("holds every promise against what was measured", () => {
    const results = pathReport(REPORT).results.map(({ metric, met }) => [metric, met]);
    expect(results).toEqual([
      ["availability_pct", true],
      ["latency_p95_ms", false],
      ["loss_pct", true],
      ["mos", true],
    ]);
  });

  test("lists incidents with their share of the budget", () => {
    expect(pathReport(REPORT).incidents).toMatchObject([
      { down_s: 1_200, excused_s: 0 },
      { down_s: 0, excused_s: 1_800, budget_pct: 0 },
    ]);
    expect(pathReport(REPORT).incidents[0]?.budget_pct).toBeCloseTo(44.743, 3);
  });
});

describe("reportHtml()", () => {
  test("is self-contained: no script, no address of elsewhere", () => {
    const html = reportHtml(REPORT);
    expect(html).not.toMatch(/<script|https?:|url\(|@import|<img|<link/);
    expect(html.match(/<svg/g)).toHaveLength(5);
    expect(html).not.toMatch(/NaN|undefined|Infinity/);
  });

  test("escapes what people wrote", () => {
    const html = reportHtml(sampleReport('<b>&"fiber"</b>'));
    expect(html).not.toContain("<b>");
    expect(html).toContain("&lt;b&gt;&amp;&quot;fiber&quot;&lt;/b&gt;");
  });

  test("says so when there is nothing", () => {
    expect(reportHtml({ ...REPORT, subjects: [] })).toContain("No path and no policy");
  });
});

test("reportRecords() has a record per subject and day", () => {
  expect(reportRecords(REPORT)).toHaveLength(2 * 31);
  expect(reportRecords(REPORT)[4]).toMatchObject({ date: "2026-10-05", down_s: 1_200 });
});

test("calendarMonth() and the report agree on the month's edges", () => {
  const month = calendarMonth("2026-10", "Europe/Berlin");
  expect(month?.from).toBe(unixSeconds(REPORT.from));
});
