/**
 * How long each kind of history is kept: what the configuration asks for, shortened until the
 * estimated file fits its budget. Raw checks give way first, then five minutes, then hours: what is
 * coarse costs little and says most about months.
 */

import type { AgentConfig } from "./config.ts";

export interface RetentionPlan {
  readonly raw_secs: number;
  readonly rollup_5m_secs: number;
  readonly rollup_1h_secs: number;
  readonly rollup_1d_secs: number;
  readonly events_secs: number;
  /** Of the database in its steady state. */
  readonly estimate_mb: number;
  readonly budget_mb: number;
  /** Kinds that are kept for less than the configuration asks. */
  readonly shortened: readonly Kind[];
}

type Kind = "raw" | "rollup_5m" | "rollup_1h" | "rollup_1d";

const DAY = 86_400;
const MIB = 1024 * 1024;
/** The rest of `max_size_mb` is for queues. */
const HISTORY_SHARE = 0.75;
/** Octets of a stored row with its share of index and pages, as measured. */
const ROW_OCTETS = { raw: 87.5, rollup_5m: 101, rollup_1h: 117, rollup_1d: 173 } as const;
const PER_DAY = { rollup_5m: 288, rollup_1h: 24, rollup_1d: 1 } as const;
/** Days to fall back to, in the order in which kinds give way. */
const LADDER: readonly (readonly [Kind, readonly number[]])[] = [
  ["raw", [7, 3, 2, 1]],
  ["rollup_5m", [90, 30, 14, 7, 3]],
  ["rollup_1h", [400, 180, 70]],
  ["rollup_1d", [1_825, 400]],
];

/** Octets the history may take. */
export function historyBudget(maxSizeMb: number): number {
  return Math.floor(maxSizeMb * HISTORY_SHARE * MIB);
}

export function planRetention({
  storage,
  paths,
}: Pick<AgentConfig, "storage" | "paths">): RetentionPlan {
  const { retention: asked } = storage;
  const secs: Record<Kind, number> = {
    raw: asked.raw_secs,
    rollup_5m: asked.rollup_5m_secs,
    rollup_1h: asked.rollup_1h_secs,
    rollup_1d: asked.rollup_1d_secs,
  };
  const rates = octetsPerDay(paths);
  const budget = historyBudget(storage.max_size_mb);
  const shortened = new Set<Kind>();
  const size = () => KINDS.reduce((sum, kind) => sum + (rates[kind] * secs[kind]) / DAY, 0);
  for (const [kind, days] of LADDER) {
    for (const step of days) {
      if (size() <= budget) break;
      if (step * DAY >= secs[kind]) continue;
      secs[kind] = step * DAY;
      shortened.add(kind);
    }
  }
  return {
    raw_secs: secs.raw,
    rollup_5m_secs: secs.rollup_5m,
    rollup_1h_secs: secs.rollup_1h,
    rollup_1d_secs: secs.rollup_1d,
    events_secs: asked.events_secs,
    estimate_mb: Math.round((10 * size()) / MIB) / 10,
    budget_mb: budget / MIB,
    shortened: [...shortened],
  };
}

const KINDS = ["raw", "rollup_5m", "rollup_1h", "rollup_1d"] as const satisfies readonly Kind[];

function octetsPerDay(paths: AgentConfig["paths"]): Record<Kind, number> {
  const stored = paths.filter(({ health }) => health.persist_to_db);
  const rawRows = stored.reduce(
    (sum, { health }) => sum + DAY / (health.check_interval_secs * health.db_persist_interval),
    0,
  );
  return {
    raw: rawRows * ROW_OCTETS.raw,
    rollup_5m: stored.length * PER_DAY.rollup_5m * ROW_OCTETS.rollup_5m,
    rollup_1h: stored.length * PER_DAY.rollup_1h * ROW_OCTETS.rollup_1h,
    rollup_1d: stored.length * PER_DAY.rollup_1d * ROW_OCTETS.rollup_1d,
  };
}
