/**
 * Reads the slices of a span from the history, in five minutes where they are still kept, in hours
 * and days before. A month of one path is some 9,000 rows, so it is read day by day with a turn of
 * the event loop between: a report must not hold up a decision.
 */

import type { PathId } from "../../domain/ids.ts";
import type { Rollup, Tier } from "../../domain/rollup.ts";
import { TIER_SECS } from "../../domain/rollup.ts";
import type { MaintenanceSpan } from "../../domain/sla.ts";
import { floorTo } from "../../domain/tier-plan.ts";
import { unixSeconds } from "../../domain/units.ts";
import type { Slice } from "../../sla/slice.ts";
import { sliceOf } from "../../sla/slice.ts";
import type { Journal } from "../ports.ts";
import type { TimeSpan } from "./ports.ts";

export interface SliceSources {
  readonly journal: Pick<Journal, "rollups">;
  readonly history: {
    /** The open bucket of a path; null: nothing is known in it. */
    open(path: PathId): Rollup | null;
  };
  /** Gives the event loop a turn. */
  turn(): Promise<void>;
}

export async function slicesOf(
  sources: SliceSources,
  path: PathId,
  spans: readonly TimeSpan[],
  maintenance: readonly MaintenanceSpan[],
): Promise<Slice[]> {
  const slices: Slice[] = [];
  for (const span of spans) {
    for (const { row, tier } of rowsOf(sources, path, span)) {
      slices.push(sliceOf(row, TIER_SECS[tier], maintenance));
    }
    await sources.turn();
  }
  const last = spans.at(-1);
  const open = last === undefined ? null : sources.history.open(path);
  const isWithin = open !== null && last !== undefined && open.end > last.from;
  if (isWithin && open.end <= last.to) slices.push(sliceOf(open, TIER_SECS["5m"], maintenance));
  return slices.sort((a, b) => a.from - b.from);
}

interface TieredRow {
  readonly row: Rollup;
  readonly tier: Tier;
}

/** Coarser rows only before the first finer one: none is counted twice. */
function rowsOf({ journal }: SliceSources, path: PathId, span: TimeSpan): TieredRow[] {
  const all: TieredRow[] = [];
  let end: number = span.to;
  for (const tier of ["5m", "1h", "1d"] as const) {
    if (end - span.from < TIER_SECS[tier]) break;
    const to = unixSeconds(end);
    const { rows, tiers } = journal.rollups({ path, from: span.from, to, coarsest: tier });
    // Finer rows of this span have been taken: what comes now is of one length.
    if (!tiers.includes(tier)) continue;
    // A span that is longer than it was asked for by a coarse row is another day's.
    const own = rows.filter((row) => row.end - TIER_SECS[tier] >= span.from && row.end <= end);
    all.push(...own.map((row) => ({ row, tier })));
    const first = own[0];
    const next = tier === "5m" ? "1h" : "1d";
    if (first !== undefined) end = floorTo(first.end - TIER_SECS[tier], next);
  }
  return all;
}
