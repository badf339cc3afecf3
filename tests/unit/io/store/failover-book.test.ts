/** The failover's book on a well disk: records, pages, state, policies, guessed times. */

import { Database } from "bun:sqlite";
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { pathId } from "../../../../agent/domain/ids.ts";
import { instant, unixMillis, unixSeconds } from "../../../../agent/domain/units.ts";
import {
  auditRecord,
  completed,
  EVERY_AUDIT,
  EVERY_EVENT,
  openBook,
  persistedState,
  reasons,
  triggered,
} from "../../../support/failover-books.ts";
import { policyConfig } from "../../../support/failover-steps.ts";
import { temporaryFolder } from "../../../support/journals.ts";

let folder: ReturnType<typeof temporaryFolder>;
let path: string;

beforeEach(() => {
  folder = temporaryFolder();
  path = join(folder.path, "a.db");
});

afterEach(() => folder.remove());

/** Rows of a closed file. */
function rows(sql: string): unknown[] {
  const db = new Database(path);
  const found = db.query(sql).all();
  db.close();
  return found;
}

const FILE_POLICY = { config: policyConfig({ id: 1, name: "office" }), origin: "file" } as const;

describe("SqliteFailoverBook records", () => {
  test("an event is on disk at once, with scores, evidence, cause and duration", () => {
    const open = openBook(path);
    expect(open.record(triggered(7))).toBe(1);
    expect(open.record(completed(7))).toBe(2);
    expect(open.book.state).toEqual({ store: { kind: "ok" }, pending: 0, dropped: 0 });
    const [first, second] = open.book.events(EVERY_EVENT).records;
    expect(first).toEqual({ ...triggered(7), id: 1, at: unixMillis(1_700_000_000_000) });
    expect(second).toMatchObject({ id: 2, type: "completed", order: 7, duration: 812 });
    open.close();
  });

  test("the given columns say it in their own words, in Unix seconds (P11: and milliseconds)", () => {
    const open = openBook(path);
    open.clock.advance(1_234);
    open.record(triggered(7));
    open.close();
    expect(rows("SELECT * FROM sdwan_failover_events")).toMatchObject([
      {
        event_id: 1,
        policy_id: 1,
        event_type: "triggered",
        from_path_id: "fiber",
        to_path_id: "lte",
        reason: "order 7",
        timestamp: 1_700_000_001,
        timestamp_ms: 1_700_000_001_234,
        primary_health_score: 0,
        backup_health_score: 92.5,
        boot_id: null,
      },
    ]);
  });

  test("ids go on after a restart, also when the newest rows were deleted", () => {
    const open = openBook(path);
    for (const order of [1, 2, 3]) open.record(triggered(order));
    open.close();
    const db = new Database(path);
    db.run("DELETE FROM sdwan_failover_events WHERE event_id > 1");
    db.close();
    const again = openBook(path);
    expect(again.record(triggered(4))).toBe(4);
    expect(reasons(again.book)).toEqual(["order 1", "order 4"]);
    again.close();
  });

  test("A18: deleting a policy keeps its events and its last one (P11)", () => {
    const open = openBook(path);
    open.book.syncPolicies([FILE_POLICY]);
    open.record(triggered(1));
    open.record(triggered(2, { type: "policy_disabled", from: null, to: null, cause: null }));
    open.book.syncPolicies([]);
    const types = open.book.events({ ...EVERY_EVENT, policy: 1 }).records.map(({ type }) => type);
    expect(types).toEqual(["triggered", "policy_disabled"]);
    open.close();
    expect(rows("SELECT * FROM sdwan_failover_policies")).toEqual([]);
  });

  test("an audit record has its own table, ids and filters", () => {
    const open = openBook(path);
    open.record(triggered(1));
    expect(open.audit(auditRecord())).toBe(1);
    expect(open.audit(auditRecord({ action: "hold", path: null, author: "bob" }))).toBe(2);
    const authors = (query: Partial<typeof EVERY_AUDIT>) =>
      open.book.audits({ ...EVERY_AUDIT, ...query }).records.map(({ author }) => author);
    expect(authors({})).toEqual(["ann", "bob"]);
    expect(authors({ path: pathId("lte") })).toEqual(["ann"]);
    expect(authors({ action: "hold" })).toEqual(["bob"]);
    expect(authors({ order: "newest-first", limit: 1 })).toEqual(["bob"]);
    open.close();
  });
});

describe("SqliteFailoverBook pages", () => {
  function filled() {
    const open = openBook(path);
    for (let order = 1; order <= 7; order++) {
      open.record(triggered(order, { policy: 1 + (order % 2) }));
      open.clock.advance(10_000);
    }
    return open;
  }

  test.each(["newest-first", "oldest-first"] as const)(
    "pages %s tell every event once, also while new ones come",
    (order) => {
      const open = filled();
      const seen: number[] = [];
      let cursor: number | null = null;
      for (let page = 0; page < 10; page++) {
        const { records, next } = open.book.events({ ...EVERY_EVENT, order, limit: 3, cursor });
        seen.push(...records.map(({ id }) => id));
        if (page === 0) open.record(triggered(8));
        cursor = next;
        if (next === null) break;
      }
      const all = [1, 2, 3, 4, 5, 6, 7];
      expect(seen).toEqual(order === "oldest-first" ? [...all, 8] : all.toReversed());
      open.close();
    },
  );

  test.each([
    { wanted: { policy: 1 }, ids: [2, 4, 6] },
    { wanted: { type: "completed" }, ids: [] },
    { wanted: { path: pathId("fiber") }, ids: [1, 2, 3, 4, 5, 6, 7] },
    { wanted: { path: pathId("dsl") }, ids: [] },
    { wanted: { since: unixSeconds(1_700_000_050) }, ids: [6, 7] },
    { wanted: { until: unixSeconds(1_700_000_010) }, ids: [1, 2] },
  ] as const)("$wanted asks for $ids, on disk and in memory alike", ({ wanted, ids }) => {
    const open = filled();
    const query = { ...EVERY_EVENT, ...wanted };
    const idsOf = (book = open.book) => book.events(query).records.map(({ id }) => id);
    expect(idsOf()).toEqual([...ids]);
    open.close();
    // Nothing of this one is on disk: the place of its file is a folder.
    const blind = openBook(folder.path);
    for (let order = 1; order <= 7; order++) {
      blind.record(triggered(order, { policy: 1 + (order % 2) }));
      blind.clock.advance(10_000);
    }
    expect(idsOf(blind.book)).toEqual([...ids]);
    blind.close();
  });
});

describe("SqliteFailoverBook state", () => {
  test("the state comes back with the time since, in the same boot (P10)", () => {
    const open = openBook(path);
    expect(open.book.loadState(open.clock.monotonic())).toBeNull();
    open.book.saveState(persistedState(9), instant(5_000_000));
    open.close();
    const again = openBook(path);
    expect(again.book.loadState(instant(65_000_000))).toEqual({
      state: persistedState(9),
      elapsed: 60_000_000,
    } as never);
    again.close();
  });

  test.each([
    { name: "another boot", bootId: "boot-2", now: 65_000_000 },
    { name: "an unknown boot", bootId: "unknown", now: 65_000_000 },
    { name: "a clock behind the one it was saved by", bootId: "boot-1", now: 4_999_999 },
  ])("after $name nobody knows how long it was", ({ bootId, now }) => {
    const open = openBook(path, { book: { bootId: bootId === "unknown" ? "unknown" : "boot-1" } });
    open.book.saveState(persistedState(9), instant(5_000_000));
    open.close();
    const again = openBook(path, { book: { bootId } });
    expect(again.book.loadState(instant(now))?.elapsed).toBe("reboot");
    again.close();
  });

  test.each(["{", "[]", '{"boot_id":"boot-1","monotonic_us":1,"state":{"version":0}}'])(
    "a state that is not ours (%p) is none",
    (value) => {
      openBook(path).close();
      const db = new Database(path);
      db.query("INSERT INTO state VALUES ('failover', ?)").run(value);
      db.close();
      const open = openBook(path);
      expect(open.book.loadState(instant(9))).toBeNull();
      open.close();
    },
  );
});

describe("SqliteFailoverBook routes", () => {
  const MEMORY = {
    paths: [["fiber", 0]],
    policies: [[1, 3]],
    links: [{ device: "eth1", index: 4, rpFilter: 1, ignoreRoutesWithLinkdown: null }],
  } as const;

  test("what routing remembers comes back", () => {
    const open = openBook(path);
    expect(open.book.routeMemory.load()).toBeNull();
    open.book.routeMemory.save(MEMORY);
    open.close();
    const again = openBook(path);
    expect(again.book.routeMemory.load()).toEqual(MEMORY);
    again.close();
  });

  test.each(["[]", "7", '{"paths":[["a"]],"policies":[],"links":[]}', '{"paths":[],"links":[7]}'])(
    "%p is no memory of ours",
    (value) => {
      openBook(path).close();
      const db = new Database(path);
      db.query("INSERT INTO state VALUES ('routes', ?)").run(value);
      db.close();
      const open = openBook(path);
      expect(open.book.routeMemory.load()).toBeNull();
      open.close();
    },
  );
});

describe("SqliteFailoverBook policies", () => {
  test("the given table mirrors what is in force, and what the operator said last", () => {
    const open = openBook(path);
    const api = { config: policyConfig({ id: 2, name: "voice" }), origin: "api" } as const;
    open.book.syncPolicies([FILE_POLICY, api]);
    open.book.saveState(persistedState(1, false), instant(1));
    open.close();
    expect(
      rows("SELECT policy_id, name, backup_path_ids, enabled, origin FROM sdwan_failover_policies"),
    ).toEqual([
      {
        policy_id: 1,
        name: "office",
        backup_path_ids: JSON.stringify(FILE_POLICY.config.backups),
        enabled: 0,
        origin: "file",
      },
      {
        policy_id: 2,
        name: "voice",
        backup_path_ids: JSON.stringify(api.config.backups),
        enabled: 1,
        origin: "api",
      },
    ]);
    // After a restart the file says enabled, and the operator's word still stands.
    const again = openBook(path);
    again.book.syncPolicies([FILE_POLICY]);
    again.close();
    expect(rows("SELECT policy_id, enabled FROM sdwan_failover_policies")).toEqual([
      { policy_id: 1, enabled: 0 },
    ]);
  });

  test("policies of the API come back as they were sent, and are gone when deleted", () => {
    const open = openBook(path);
    open.book.putApiPolicy({ id: 9, document: { name: "voice", primary: "fiber" } });
    open.book.putApiPolicy({ id: 5, document: { name: "video" } });
    open.book.putApiPolicy({ id: 5, document: { name: "films" } });
    expect(open.book.deleteApiPolicy(77)).toBe(false);
    open.close();
    const again = openBook(path);
    expect(again.book.apiPolicies()).toEqual([
      { id: 5, document: { name: "films" } },
      { id: 9, document: { name: "voice", primary: "fiber" } },
    ]);
    expect(again.book.deleteApiPolicy(9)).toBe(true);
    again.close();
    const last = openBook(path);
    expect(last.book.apiPolicies().map(({ id }) => id)).toEqual([5]);
    last.close();
  });
});

describe("SqliteFailoverBook and a clock that is not set", () => {
  test("records follow the newest one, and get their true time when it is known", () => {
    const before = openBook(path);
    before.record(triggered(1));
    before.close();

    let isSane = false;
    const open = openBook(path, { book: { isClockSane: () => isSane } });
    open.clock.stepWall(-1_700_000_000_000 + 60_000);
    open.clock.advance(5_000);
    open.record(triggered(2));
    open.clock.advance(2_000);
    open.audit(auditRecord());
    const guessed = open.book.events(EVERY_EVENT).records[1]?.at ?? 0;
    expect(guessed).toBe(unixMillis(1_700_000_000_000));
    expect(open.book.audits(EVERY_AUDIT).records[0]?.at).toBe(unixMillis(1_700_000_002_000));

    open.clock.stepWall(1_710_000_000_000 - open.clock.wall());
    isSane = true;
    open.clock.advance(60_000);
    expect(open.book.events(EVERY_EVENT).records[1]?.at).toBe(unixMillis(1_709_999_998_000));
    expect(open.book.audits(EVERY_AUDIT).records[0]?.at).toBe(unixMillis(1_710_000_000_000));
    open.record(triggered(3));
    open.close();
    expect(rows("SELECT timestamp, boot_id FROM sdwan_failover_events")).toEqual([
      { timestamp: 1_700_000_000, boot_id: null },
      { timestamp: 1_709_999_998, boot_id: null },
      { timestamp: 1_710_000_060, boot_id: null },
    ]);
  });

  test("a restart within the boot corrects what the life before has guessed", () => {
    const open = openBook(path, { book: { isClockSane: () => false } });
    open.clock.stepWall(-1_700_000_000_000);
    open.record(triggered(1));
    open.close();
    const again = openBook(path);
    again.clock.advance(60_000);
    // Both lives began at the same moment of the fake clock.
    expect(again.book.events(EVERY_EVENT).records[0]?.at).toBe(unixMillis(1_700_000_000_000));
    again.close();
  });

  test("what another boot has guessed stays as it is", () => {
    const open = openBook(path, { book: { isClockSane: () => false } });
    open.clock.stepWall(-1_700_000_000_000);
    open.record(triggered(1));
    open.close();
    const again = openBook(path, { book: { bootId: "boot-2" } });
    again.clock.advance(60_000);
    expect(again.book.events(EVERY_EVENT).records[0]?.at).toBe(unixMillis(1_600_000_000_000));
    again.close();
  });
});
