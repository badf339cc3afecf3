/**
 * Independent random loss must not be taken for death more often than the arithmetic of the design
 * says (per day, one target, RTT 50 ms): balanced 2e-6 at 5 % and 4e-4 at 10 %, fast 0.014 and 0.9.
 * Virtual days; FULL=1 runs a month of each.
 */

import { expect, test } from "bun:test";
import type { TableRow } from "../../agent/wire/frame.ts";
import { LivenessSim } from "../support/liveness-sim.ts";
import { icmpRow } from "../support/table-rows.ts";

const MS = 1_000;
const S = 1_000_000;
const DAY = 86_400 * S;
const DAYS = process.env["FULL"] === "1" ? 30 : 1;

const BALANCED: Partial<TableRow> = {
  downAfter: 4,
  upAfter: 5,
  intervalUs: 2 * S,
  timeoutUs: S,
  confirmIntervalUs: 100 * MS,
  silenceUs: 800 * MS,
};
const FAST: Partial<TableRow> = {
  ...BALANCED,
  intervalUs: 100 * MS,
  confirmIntervalUs: 40 * MS,
  silenceUs: 300 * MS,
};

function alarms(profile: Partial<TableRow>, loss: number, days: number): number {
  const line = { reply: (_: number, __: number, random: () => number) => roll(random, loss) };
  const sim = new LivenessSim([icmpRow([192, 0, 2, 1], profile)], line, 20261123);
  return sim.run(days * DAY).downs.length;
}

function roll(random: () => number, loss: number): number | null {
  return random() < loss ? null : 50 * MS;
}

const CASES = [
  { name: "balanced", profile: BALANCED, loss: 0.05, days: 10 * DAYS, most: 0 },
  { name: "balanced", profile: BALANCED, loss: 0.1, days: 10 * DAYS, most: 0 },
  { name: "fast", profile: FAST, loss: 0.01, days: DAYS, most: 0 },
  // Expected 0.014 a day: more than one (three in a month) has a chance below one in 5,000.
  { name: "fast", profile: FAST, loss: 0.05, days: DAYS, most: DAYS === 1 ? 1 : 3 },
  // Expected 0.9 a day.
  { name: "fast", profile: FAST, loss: 0.1, days: DAYS, most: DAYS === 1 ? 5 : 45 },
] as const;

test.each(CASES)(
  "$name with $loss of loss, $days days: at most $most false verdicts",
  ({ profile, loss, days, most }) => {
    expect(alarms(profile, loss, days)).toBeLessThanOrEqual(most);
  },
  600_000,
);
