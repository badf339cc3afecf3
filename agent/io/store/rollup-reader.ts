/**
 * Reads the buckets that answer for a span, from the file and from what is not written yet. A
 * bucket is in one of the two at a time, so both add up.
 */

import type { Database } from "bun:sqlite";
import type { RollupQuery, RollupSpan } from "../../controller/ports.ts";
import type { Rollup, Tier } from "../../domain/rollup.ts";
import { TIER_SECS, TIERS } from "../../domain/rollup.ts";
import type { TierLimits } from "../../domain/tier-plan.ts";
import { planTiers } from "../../domain/tier-plan.ts";
import { unixSeconds } from "../../domain/units.ts";
import type { PathNumbers } from "./path-numbers.ts";
import { endOf, firstKey, lastKey, selectRollups } from "./rollup-rows.ts";
import { rolledUntil } from "./rollup-writer.ts";

export interface RollupSources {
  readonly db: Database | null;
  readonly numbers: PathNumbers;
  readonly pending: readonly Rollup[];
}

const NOTHING: TierLimits = {
  oldest: { "5m": null, "1h": null, "1d": null },
  made: { "1h": 0, "1d": 0 },
};

/** Throws what SQLite throws. */
export function readRollups(sources: RollupSources, query: RollupQuery): RollupSpan {
  const { db, numbers, pending } = sources;
  const limits = db === null ? NOTHING : limitsOf(db, query.coarsest);
  const plan = planTiers(query.from, query.to, limits);
  const number = db === null ? null : numbers.find(db, query.path);
  const rows: Rollup[] = [];
  const tiers = new Set<Tier>();
  for (const { tier, ends } of plan.segments) {
    if (db === null || number === null) break;
    const found = selectRollups(db, tier, { id: query.path, number }, ends);
    rows.push(...found);
    if (found.length > 0) tiers.add(tier);
  }
  for (const row of pending) {
    if (row.path_id !== query.path || row.end <= plan.from || row.end > plan.to) continue;
    rows.push(row);
    tiers.add("5m");
  }
  return {
    from: unixSeconds(plan.from),
    to: unixSeconds(plan.to),
    tiers: TIERS.filter((tier) => tiers.has(tier)),
    rows: rows.sort((a, b) => a.end - b.end),
  };
}

function limitsOf(db: Database, coarsest: Tier): TierLimits {
  const allowed = TIERS.indexOf(coarsest);
  const oldest = (tier: Tier) => {
    const key = firstKey(db, tier);
    return key === null ? null : endOf(key) - TIER_SECS[tier];
  };
  return {
    oldest: { "5m": oldest("5m"), "1h": oldest("1h"), "1d": oldest("1d") },
    made: {
      "1h": allowed >= TIERS.indexOf("1h") ? rolledUntil(db, "1h") : 0,
      "1d": allowed >= TIERS.indexOf("1d") ? rolledUntil(db, "1d") : 0,
    },
  };
}

/** The newest time that a row in the file speaks of, Unix seconds; null: there is no row. */
export function newestTime(db: Database): number | null {
  const sql = "SELECT timestamp AS t FROM sdwan_path_health ORDER BY health_id DESC LIMIT 1";
  const check = db.query<{ t: number }, []>(sql).get()?.t ?? null;
  const key = lastKey(db, "5m");
  if (key === null) return check;
  // A bucket of the last moments before a stop has an end that was yet to come.
  return Math.max(check ?? 0, endOf(key) - TIER_SECS["5m"]);
}
