/**
 * Error budgets and how fast they burn. The budget of a month is the down time that its objective
 * leaves: 99.9 % of 31 days leave 44 minutes and 38 seconds. A burn rate of 1 spends exactly the
 * budget by the month's end. Pairs of windows as in the SRE workbook of Google (chapter 5): the
 * long one says that it matters, the short one that it still goes on.
 */

import type { Slice } from "./slice.ts";

export interface Budget {
  /** Down time allowed in the whole month, s. */
  readonly total_s: number;
  readonly spent_s: number;
  /** Negative: overspent. */
  readonly remaining_s: number;
  readonly remaining_pct: number;
}

export function budgetOf(lengthSecs: number, targetPct: number, badSecs: number): Budget {
  const total = lengthSecs * (1 - targetPct / 100);
  const remaining = total - badSecs;
  return {
    total_s: rounded(total),
    spent_s: badSecs,
    remaining_s: rounded(remaining),
    remaining_pct: total > 0 ? rounded((100 * remaining) / total) : 0,
  };
}

/** Down time is whole seconds; a budget need not be. */
function rounded(value: number): number {
  return Math.round(value * 1_000) / 1_000;
}

/** Share of the time watched, %; null: not watched. */
export function availabilityPct(slices: readonly Slice[]): number | null {
  const { observed, bad } = sums(slices);
  return observed > 0 ? 100 * (1 - bad / observed) : null;
}

export const BURN_WINDOWS = {
  "5m": 300,
  "30m": 1_800,
  "1h": 3_600,
  "6h": 6 * 3_600,
  "3d": 3 * 86_400,
} as const;
export type BurnWindow = keyof typeof BURN_WINDOWS;

/** null: nothing was watched in that window. */
export type BurnRates = Readonly<Record<BurnWindow, number | null>>;

/** page: the budget is gone within two days; ticket: before the month is over. */
export type BurnLevel = "ok" | "ticket" | "page";

/** Slices of the last three days, any order. A bucket counts where it ends. */
export function burnRates(slices: readonly Slice[], targetPct: number, now: number): BurnRates {
  const allowed = 1 - targetPct / 100;
  const rate = (window: BurnWindow): number | null => {
    const since = now - BURN_WINDOWS[window];
    const { observed, bad } = sums(slices.filter(({ to }) => to > since));
    return observed > 0 && allowed > 0 ? bad / observed / allowed : null;
  };
  return {
    "5m": rate("5m"),
    "30m": rate("30m"),
    "1h": rate("1h"),
    "6h": rate("6h"),
    "3d": rate("3d"),
  };
}

const PAGES = [
  ["1h", "5m", 14.4],
  ["6h", "30m", 6],
] as const;
const TICKET = 1;

export function burnLevel(rates: BurnRates): BurnLevel {
  const isOver = (window: BurnWindow, line: number) => (rates[window] ?? 0) >= line;
  if (PAGES.some(([long, short, line]) => isOver(long, line) && isOver(short, line))) return "page";
  return isOver("3d", TICKET) && isOver("6h", TICKET) ? "ticket" : "ok";
}

export function sums(slices: readonly Slice[]): {
  readonly observed: number;
  readonly bad: number;
  readonly excused: number;
} {
  let [observed, bad, excused] = [0, 0, 0];
  for (const slice of slices) {
    observed += slice.observed_s;
    bad += slice.bad_s;
    excused += slice.excused_s;
  }
  return { observed, bad, excused };
}
