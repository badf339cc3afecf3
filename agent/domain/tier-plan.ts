/**
 * Which buckets answer for a span: whole days where days are made, hours at their edges, five
 * minutes at the edges of those. A month is then some 30 rows and a few dozen, exact to the five
 * minutes, instead of 8,640 rows.
 */

import type { Tier } from "./rollup.ts";
import { TIER_SECS, TIERS } from "./rollup.ts";

export interface TierLimits {
  /** Where the oldest bucket of a tier begins; null: it has none. */
  readonly oldest: Readonly<Record<Tier, number | null>>;
  /** Hours and days exist up to here. */
  readonly made: Readonly<Record<Exclude<Tier, "5m">, number>>;
}

/** Buckets of one tier, by their ends. */
export interface TierSegment {
  readonly tier: Tier;
  readonly ends: readonly number[];
}

export interface TierPlan {
  /** The span that is answered for: an edge that only coarser buckets reach back to is cut off. */
  readonly from: number;
  readonly to: number;
  readonly segments: readonly TierSegment[];
}

/** Edges that are not on the five-minute grid are moved outwards. */
export function planTiers(from: number, to: number, limits: TierLimits): TierPlan {
  const end = ceilTo(to, "5m");
  const start = Math.min(firstReached(floorTo(from, "5m"), limits), end);
  return { from: start, to: end, segments: cover("1d", { from: start, to: end }, limits) };
}

function firstReached(from: number, { oldest }: TierLimits): number {
  let start = from;
  for (const [finer, tier] of [
    ["5m", "1h"],
    ["1h", "1d"],
  ] as const) {
    const reach = oldest[finer] ?? Infinity;
    if (start < reach && (oldest[tier] ?? Infinity) < reach) start = ceilTo(start, tier);
  }
  return start;
}

interface Span {
  readonly from: number;
  readonly to: number;
}

function cover(tier: Tier, { from, to }: Span, limits: TierLimits): TierSegment[] {
  if (from >= to) return [];
  if (tier === "5m") return [{ tier, ends: endsOf(tier, from, to) }];
  const finer = TIERS[TIERS.indexOf(tier) - 1] ?? "5m";
  const first = ceilTo(from, tier);
  const last = Math.min(floorTo(to, tier), limits.made[tier]);
  if (last <= first) return cover(finer, { from, to }, limits);
  return [
    ...cover(finer, { from, to: first }, limits),
    { tier, ends: endsOf(tier, first, last) },
    ...cover(finer, { from: last, to }, limits),
  ];
}

/** Ends of the buckets that fill the span exactly. */
export function endsOf(tier: Tier, from: number, to: number): number[] {
  const step = TIER_SECS[tier];
  return Array.from({ length: (to - from) / step }, (_, i) => from + (i + 1) * step);
}

export function floorTo(time: number, tier: Tier): number {
  return Math.floor(time / TIER_SECS[tier]) * TIER_SECS[tier];
}

export function ceilTo(time: number, tier: Tier): number {
  return Math.ceil(time / TIER_SECS[tier]) * TIER_SECS[tier];
}
