/**
 * Deletes what is too old, and the oldest when the file is nearly full, once an hour in small steps
 * of one statement each. Freed pages are used by the next rows, so the file does not shrink and
 * nothing is ever copied.
 *
 * A clock that went wrong must not cost the history: by age nothing is deleted while the clock is
 * not trusted, and never more than two days' worth in a day.
 */

import type { Database } from "bun:sqlite";
import type { Clock } from "../../controller/ports.ts";
import type { RetentionPlan } from "../../domain/retention.ts";
import type { Instant } from "../../domain/units.ts";
import { after, between, micros, US_PER_MS, US_PER_S } from "../../domain/units.ts";
import { PAGE_BYTES, readNumber } from "./database.ts";

export interface RetentionOptions {
  readonly clock: Clock;
  plan(): RetentionPlan;
  /** The wall clock has been right for an hour. */
  isClockTrusted(): boolean;
}

type Kind = "raw" | "events" | "audit" | "rollup_5m" | "rollup_1h" | "rollup_1d";

const INTERVAL = micros(3_600 * US_PER_S);
const ROWS_MAX = 500;
const ROWS_MIN = 25;
/** A step that took longer is followed by smaller ones: slow flash, slow processor. */
const STEP_MAX = micros(8 * US_PER_MS);
/** Above this share of the budget the oldest rows go, whatever their age. */
const FULL_SHARE = 0.9;
const DAY_SECS = 86_400;
const DAYS_PER_DAY = 2;
const KINDS: readonly Kind[] = ["raw", "events", "audit", "rollup_5m", "rollup_1h", "rollup_1d"];
/** For space: what goes first, and how many days of it stay as long as another kind has more. */
const BY_SIZE: readonly (readonly [Kind, number])[] = [
  ["raw", 1],
  ["rollup_5m", 3],
  ["rollup_1h", 70],
  ["rollup_1d", 400],
  ["raw", 0],
  ["rollup_5m", 0],
  ["rollup_1h", 0],
];

/** The oldest row of a kind when we first looked: deleting by age goes on from there, slowly. */
interface Anchor {
  readonly at: Instant;
  readonly oldest: number;
}

export class Retention {
  readonly #options: RetentionOptions;
  readonly #anchors = new Map<Kind, Anchor>();
  #dueAt: Instant | null = null;
  /** Kinds that the running round has yet to look at by age; null: no round. */
  #left: Kind[] | null = null;
  #rows = ROWS_MAX;

  constructor(options: RetentionOptions) {
    this.#options = options;
  }

  /** The file is another one. */
  forget(): void {
    this.#anchors.clear();
    this.#left = null;
  }

  /** One DELETE at the most; false: nothing more to do for this hour. */
  step(db: Database): boolean {
    const { clock, isClockTrusted } = this.#options;
    const now = clock.monotonic();
    if (this.#dueAt !== null && now < this.#dueAt) return false;
    this.#left ??= isClockTrusted() ? [...KINDS] : [];
    const isMore = this.#deleteByAge(db, this.#left) || this.#deleteBySize(db);
    if (between(now, clock.monotonic()) > STEP_MAX) {
      this.#rows = Math.max(ROWS_MIN, this.#rows >> 1);
    }
    if (isMore) return true;
    this.#left = null;
    this.#dueAt = after(now, INTERVAL);
    return false;
  }

  #deleteByAge(db: Database, left: Kind[]): boolean {
    for (let kind = left[0]; kind !== undefined; kind = left[0]) {
      const before = this.#cutoff(db, kind);
      if (before !== null && deleteBefore(db, kind, { before, rows: this.#rows }) > 0) return true;
      left.shift();
    }
    return false;
  }

  /** Older than this goes; null: there is nothing of this kind. */
  #cutoff(db: Database, kind: Kind): number | null {
    const { clock, plan } = this.#options;
    const oldest = edgeTime(db, kind, "ASC");
    if (oldest === null) return null;
    const anchor = this.#anchors.get(kind) ?? { at: clock.monotonic(), oldest };
    this.#anchors.set(kind, anchor);
    const days = Math.floor(between(anchor.at, clock.monotonic()) / (DAY_SECS * US_PER_S));
    const allowed = anchor.oldest + (days + 1) * DAYS_PER_DAY * DAY_SECS;
    return Math.min(allowed, clock.wall() / 1_000 - plan()[AGES[kind]]);
  }

  #deleteBySize(db: Database): boolean {
    const usedMb = usedOctets(db) / MIB;
    if (usedMb <= this.#options.plan().budget_mb * FULL_SHARE) return false;
    return BY_SIZE.some(([kind, keptDays]) => {
      const oldest = edgeTime(db, kind, "ASC");
      const newest = edgeTime(db, kind, "DESC");
      if (oldest === null || newest === null) return false;
      const isKept = newest - oldest < keptDays * DAY_SECS;
      return !isKept && deleteOldest(db, kind, this.#rows) > 0;
    });
  }
}

const MIB = 1024 * 1024;

/** Octets of the file that hold something. */
export function usedOctets(db: Database): number {
  const pages = readNumber(db, "PRAGMA page_count") - readNumber(db, "PRAGMA freelist_count");
  return pages * PAGE_BYTES;
}

const TABLES = {
  raw: { name: "sdwan_path_health", id: "health_id", time: "timestamp" },
  events: { name: "sdwan_failover_events", id: "event_id", time: "timestamp" },
  audit: { name: "audit", id: "audit_id", time: "timestamp" },
  rollup_5m: { name: "rollup_5m", id: "k", time: "t" },
  rollup_1h: { name: "rollup_1h", id: "k", time: "t" },
  rollup_1d: { name: "rollup_1d", id: "k", time: "t" },
} as const satisfies Record<Kind, object>;

/** What operators did is kept as long as what came of it. */
const AGES = {
  raw: "raw_secs",
  events: "events_secs",
  audit: "events_secs",
  rollup_5m: "rollup_5m_secs",
  rollup_1h: "rollup_1h_secs",
  rollup_1d: "rollup_1d_secs",
} as const satisfies Record<Kind, keyof RetentionPlan>;

/** Time of the first or last row in the order of the key; null: no row. */
function edgeTime(db: Database, kind: Kind, order: "ASC" | "DESC"): number | null {
  const { name, id, time } = TABLES[kind];
  const sql = `SELECT ${time} AS time FROM ${name} ORDER BY ${id} ${order} LIMIT 1`;
  return db.query<{ time: number }, []>(sql).get()?.time ?? null;
}

/** The limit is inside and the age outside: else a table without old rows is scanned whole. */
function deleteBefore(
  db: Database,
  kind: Kind,
  { before, rows }: { readonly before: number; readonly rows: number },
): number {
  const { name, id, time } = TABLES[kind];
  const oldest = `SELECT ${id} FROM ${name} ORDER BY ${id} LIMIT ?`;
  const sql = `DELETE FROM ${name} WHERE ${id} IN (${oldest}) AND ${time} < ?`;
  return db.query(sql).run(rows, before).changes;
}

function deleteOldest(db: Database, kind: Kind, rows: number): number {
  const { name, id } = TABLES[kind];
  const sql = `DELETE FROM ${name} WHERE ${id} IN (SELECT ${id} FROM ${name} ORDER BY ${id} LIMIT ?)`;
  return db.query(sql).run(rows).changes;
}
