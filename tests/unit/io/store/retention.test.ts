import type { Database } from "bun:sqlite";
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { join } from "node:path";
import type { RetentionPlan } from "../../../../agent/domain/retention.ts";
import { openDatabase } from "../../../../agent/io/store/database.ts";
import { Retention } from "../../../../agent/io/store/retention.ts";
import { RollupWriter } from "../../../../agent/io/store/rollup-writer.ts";
import { FakeClock } from "../../../support/fake-clock.ts";
import { temporaryFolder } from "../../../support/journals.ts";
import { RETENTION } from "../../../support/retention-plan.ts";
import { rollup } from "../../../support/rollups.ts";

const DAY = 86_400;
const HOUR_MS = 3_600_000;
const NOW = 1_700_000_000;

let folder: ReturnType<typeof temporaryFolder>;
let db: Database;

beforeEach(() => {
  folder = temporaryFolder();
  const path = join(folder.path, "a.db");
  const opened = openDatabase({ path, maxPages: 49_152, openTimeoutMs: 0 });
  if (opened.kind === "fault") throw new Error(opened.fault.reason);
  db = opened.value;
});

afterEach(() => {
  db.close();
  folder.remove();
});

function world(overrides: Partial<RetentionPlan> = {}) {
  const clock = new FakeClock();
  const trust = { clock: true };
  const retention = new Retention({
    clock,
    plan: () => ({ ...RETENTION, ...overrides }),
    isClockTrusted: () => trust.clock,
  });
  /** A round; answers its steps. */
  const round = () => {
    for (let steps = 1; ; steps++) if (!retention.step(db)) return steps;
  };
  return { clock, trust, retention, round };
}

/** A check every minute, the newest `toDays` before now. */
function fillRaw(fromDays: number, toDays = 0): void {
  const [from, to] = [NOW - fromDays * DAY, NOW - toDays * DAY];
  db.run(
    `WITH RECURSIVE minute(t) AS (SELECT ${from} UNION ALL SELECT t + 60 FROM minute WHERE t + 60 < ${to})
     INSERT INTO sdwan_path_health (path_id, timestamp, latency_ms, packet_loss_pct, jitter_ms,
       health_score, status) SELECT 'fiber', t, 12.5, 0, 1, 99, 'up' FROM minute`,
  );
}

function rows(table = "sdwan_path_health"): number {
  return db.query<{ n: number }, []>(`SELECT count(*) AS n FROM ${table}`).get()?.n ?? -1;
}

describe("Retention", () => {
  test("deletes what is older than the plan says, in steps of 500 rows", () => {
    fillRaw(8);
    const { round } = world();
    expect(round()).toBe(4);
    expect(rows()).toBe(7 * 1_440);
  });

  test("deletes nothing by age while the clock is not trusted", () => {
    fillRaw(8);
    const { trust, clock, round } = world();
    trust.clock = false;
    round();
    expect(rows()).toBe(8 * 1_440);
    trust.clock = true;
    expect(round()).toBe(1);
    clock.advance(HOUR_MS);
    round();
    expect(rows()).toBe(7 * 1_440 - 60);
  });

  test("deletes at most two days' worth in a day, whatever the clock says", () => {
    fillRaw(7);
    const { clock, round } = world();
    clock.stepWall(3_650 * DAY * 1_000);
    round();
    expect(rows()).toBe(5 * 1_440);
    clock.advance(23 * HOUR_MS);
    round();
    expect(rows()).toBe(5 * 1_440);
    clock.advance(HOUR_MS);
    round();
    expect(rows()).toBe(3 * 1_440);
  });

  test("keeps what operators did as long as events", () => {
    const audit = `INSERT INTO audit (action, author, reason, outcome, detail, timestamp, timestamp_ms)`;
    for (const days of [401, 399]) {
      const at = NOW - days * DAY;
      db.run(`${audit} VALUES ('pin safe', 'ann', '', 'done', '', ${at}, ${at * 1_000})`);
    }
    world({ events_secs: 400 * DAY }).round();
    expect(rows("audit")).toBe(1);
  });

  test("deletes rollups and events by their own age", () => {
    const writer = new RollupWriter();
    const edge = NOW - (NOW % 300);
    db.run("BEGIN");
    writer.write(db, [rollup(edge - 91 * DAY), rollup(edge - 89 * DAY)]);
    db.run("COMMIT");
    const event = `INSERT INTO sdwan_failover_events (policy_id, event_type, reason, timestamp)`;
    db.run(`${event} VALUES (1, 'triggered', 'loss', ${NOW - 401 * DAY})`);
    db.run(`${event} VALUES (1, 'triggered', 'loss', ${NOW - 399 * DAY})`);
    world().round();
    expect([rows("rollup_5m"), rows("sdwan_failover_events")]).toEqual([1, 1]);
  });

  test("deletes the oldest by size even when no clock is trusted, and stops below 90 %", () => {
    fillRaw(7);
    const { trust, round } = world({ budget_mb: 0.5 });
    trust.clock = false;
    round();
    const pages = db.query<{ page_count: number }, []>("PRAGMA page_count").get()?.page_count ?? 0;
    const free = db.query<{ n: number }, []>(
      "SELECT freelist_count AS n FROM pragma_freelist_count",
    );
    const used = (pages - (free.get()?.n ?? 0)) * 1_024;
    expect(used).toBeLessThanOrEqual(0.9 * 0.5 * 1_048_576);
    expect(used).toBeGreaterThan(0.7 * 0.5 * 1_048_576);
    const oldest = db.query<{ t: number }, []>("SELECT min(timestamp) AS t FROM sdwan_path_health");
    expect(oldest.get()?.t ?? 0).toBeGreaterThan(NOW - 6 * DAY);
  });

  test("keeps a day of checks as long as older five minutes can go", () => {
    fillRaw(3);
    const writer = new RollupWriter();
    const edge = NOW - (NOW % 300);
    db.run("BEGIN");
    writer.write(
      db,
      Array.from({ length: 20 * 288 }, (_, i) => rollup(edge - i * 300)),
    );
    db.run("COMMIT");
    const { round } = world({ budget_mb: 0.7 });
    round();
    expect(rows()).toBeGreaterThanOrEqual(1_440 - 500);
    expect(rows("rollup_5m")).toBeLessThan(20 * 288);
    expect(rows("rollup_5m")).toBeGreaterThanOrEqual(3 * 288 - 500);
  });

  test("rests for an hour after a round", () => {
    const { clock, round, retention } = world();
    round();
    fillRaw(8);
    expect(retention.step(db)).toBe(false);
    expect(rows()).toBe(8 * 1_440);
    clock.advance(HOUR_MS);
    expect(retention.step(db)).toBe(true);
  });
});
