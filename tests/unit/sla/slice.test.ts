import { describe, expect, test } from "bun:test";
import { unixSeconds } from "../../../agent/domain/units.ts";
import { availabilityPct } from "../../../agent/sla/budget.ts";
import { coveredSecs, policySlices, sliceOf } from "../../../agent/sla/slice.ts";
import { fc } from "../../support/property.ts";
import { DAY0, rollup } from "../../support/rollups.ts";

function span(from: number, to: number | null) {
  return { from: unixSeconds(from), to: to === null ? null : unixSeconds(to) };
}

const END = DAY0 + 300;
const downFor = (seconds: number, end = END) =>
  rollup(end, { up_s: 300 - seconds, down_s: seconds });

describe("sliceOf()", () => {
  test("counts down time, and degraded time as available", () => {
    const row = rollup(END, { up_s: 100, degraded_s: 150, down_s: 50 });
    expect(sliceOf(row, 300, [])).toMatchObject({ observed_s: 300, bad_s: 50, excused_s: 0 });
  });

  test.each([
    { name: "over all of it", spans: [span(DAY0, END)], bad: 0, excused: 90 },
    { name: "that goes on", spans: [span(DAY0, null)], bad: 0, excused: 90 },
    { name: "over 60 s of it", spans: [span(DAY0 - 100, DAY0 + 60)], bad: 30, excused: 60 },
    {
      name: "told twice",
      spans: [span(DAY0, DAY0 + 60), span(DAY0 + 30, DAY0 + 60)],
      bad: 30,
      excused: 60,
    },
    { name: "that ends where it begins", spans: [span(DAY0 - 9, DAY0)], bad: 90, excused: 0 },
    { name: "that begins where it ends", spans: [span(END, null)], bad: 90, excused: 0 },
  ])("forgives down time in maintenance $name", ({ spans, bad, excused }) => {
    expect(sliceOf(downFor(90), 300, spans)).toMatchObject({ bad_s: bad, excused_s: excused });
  });

  test("keeps what was measured in maintenance out of the quality", () => {
    expect(sliceOf(downFor(0), 300, [span(DAY0 + 299, null)]).quality).toBeNull();
    expect(sliceOf(downFor(0), 300, [span(END, null)]).quality).not.toBeNull();
  });
});

test("coveredSecs() counts what overlaps once", () => {
  const spans = [span(50, 80), span(0, 10), span(60, 70), span(75, 120)];
  expect(coveredSecs({ from: 5, to: 100 }, spans)).toBe(5 + 50);
});

const someSpans = fc.array(
  fc.tuple(fc.integer({ min: -500, max: 4_000 }), fc.integer({ min: 0, max: 2_000 })),
  { maxLength: 5 },
);
const someDowns = fc.array(fc.integer({ min: 0, max: 300 }), { minLength: 1, maxLength: 12 });

test("more maintenance never lowers availability", () => {
  fc.assert(
    fc.property(someDowns, someSpans, someSpans, (downs, spans, more) => {
      const toSpans = (all: readonly (readonly [number, number])[]) =>
        all.map(([from, length]) => span(DAY0 + from, DAY0 + from + length));
      const at = (maintenance: ReturnType<typeof toSpans>) =>
        availabilityPct(
          downs.map((down, i) => sliceOf(downFor(down, END + i * 300), 300, maintenance)),
        ) ?? Number.NaN;
      const few = at(toSpans(spans));
      expect(at(toSpans([...spans, ...more]))).toBeGreaterThanOrEqual(few);
      expect(few).toBeLessThanOrEqual(100);
    }),
  );
});

describe("policySlices()", () => {
  const slices = (...downs: number[]) =>
    downs.map((down, i) => sliceOf(downFor(down, END + i * 300), 300, []));

  test("is down for as long as the best of its paths was", () => {
    const made = policySlices(
      new Map([
        ["fiber", slices(300, 300, 0)],
        ["lte", slices(0, 120, 300)],
      ]),
      () => "fiber",
    );
    expect(made.map(({ bad_s }) => bad_s)).toEqual([0, 120, 0]);
  });

  test("takes the quality of the path that carried traffic", () => {
    const fiber = sliceOf(rollup(END, { probes: 7 }), 300, []);
    const lte = sliceOf(rollup(END, { probes: 9 }), 300, []);
    const by = new Map([
      ["fiber", [fiber]],
      ["lte", [lte]],
    ]);
    expect(policySlices(by, () => "lte")[0]?.quality?.probes).toBe(9);
  });

  test("a path that was not watched does not make the policy available", () => {
    const made = policySlices(
      new Map([
        ["fiber", slices(300)],
        ["lte", []],
      ]),
      () => null,
    );
    expect(made.map(({ bad_s }) => bad_s)).toEqual([300]);
  });
});
