/** Service levels on a real file: what they say survives a restart and the end of fine buckets. */

import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { SlaDesk } from "../../agent/controller/sla/desk.ts";
import { MaintenanceKeeper } from "../../agent/controller/sla/maintenance-keeper.ts";
import { pathId } from "../../agent/domain/ids.ts";
import type { Rollup } from "../../agent/domain/rollup.ts";
import type { SlaConfig } from "../../agent/domain/sla.ts";
import { unixSeconds } from "../../agent/domain/units.ts";
import { createApp } from "../../agent/io/http/app.ts";
import { SqliteSlaBook } from "../../agent/io/store/sla-book.ts";
import { agentConfig, pathConfig } from "../support/configs.ts";
import { FakeFailoverBook } from "../support/fake-failover-book.ts";
import { FakeView } from "../support/fake-view.ts";
import type { OpenJournal } from "../support/journals.ts";
import { openJournal, temporaryFolder } from "../support/journals.ts";
import { rollup } from "../support/rollups.ts";

const FIBER = pathId("fiber");
const at = (text: string) => unixSeconds(Date.parse(text) / 1_000);
const TARGETS = { latency_p95_ms: null, loss_pct: null, jitter_ms: null, mos: null };
const SLA: SlaConfig = {
  timezone: "Europe/Berlin",
  objectives: [
    { subject: { kind: "path", id: "fiber" }, targets: { ...TARGETS, availability_pct: 99.9 } },
  ],
};
/** Noon of the first day of November in Berlin. */
const FROM = at("2026-10-31T23:00Z");
const NOON = FROM + 12 * 3_600;

let folder: ReturnType<typeof temporaryFolder>;
let opened: OpenJournal;
let book: SqliteSlaBook;

beforeEach(() => {
  folder = temporaryFolder();
  open();
});

afterEach(() => {
  opened.journal.close();
  folder.remove();
});

function open(): void {
  opened = openJournal(join(folder.path, "a.db"));
  const { clock, log, journal } = opened;
  clock.stepWall(NOON * 1_000 - clock.wall());
  book = new SqliteSlaBook({ clock, timers: clock, log, handle: journal.handle });
}

function restart(): void {
  book.close();
  opened.journal.close();
  open();
}

function desk(sla = SLA): SlaDesk {
  const { clock, journal } = opened;
  return new SlaDesk({
    ...{ clock, journal, records: book, book: new FakeFailoverBook(), policies: () => [] },
    history: { open: () => null },
    turn: async () => {},
    config: () => ({ ...agentConfig([pathConfig("fiber", ["192.0.2.1"])]), sla }),
  });
}

const NOVEMBER = { month: "2026-11", path: null, policy: null } as const;

async function fiber(query: { readonly month: string | null } = NOVEMBER) {
  const report = await desk().report({ ...NOVEMBER, ...query });
  const [subject] = report?.subjects ?? [];
  if (subject === undefined) throw new Error("no subject");
  return subject;
}

/** Buckets from local midnight to noon, down from ten past six for a quarter of an hour. */
function morning(over: (end: number) => Partial<Rollup> = () => ({})): void {
  const began = FROM + 6 * 3_600 + 600;
  for (let end = FROM + 300; end <= NOON; end += 300) {
    const isDown = end > began && end <= began + 900;
    const down = isDown ? { up_s: 0, down_s: 300, lost: 150 } : {};
    opened.journal.recordRollup(rollup(end, { ...down, ...over(end) }));
  }
  opened.journal.flush();
  for (let turn = 0; turn < 100; turn++) opened.clock.advance(0);
}

describe("SlaDesk", () => {
  test("a morning by hand: 15 min down of 12 h, with the cause, also after a restart", async () => {
    morning();
    const began = unixSeconds(FROM + 6 * 3_600 + 600);
    book.mark({ path: FIBER, at: began, status: "down", cause: "silence" });
    const ended = unixSeconds(began + 899);
    book.mark({ path: FIBER, at: ended, status: "up", cause: "replies" });
    const before = await fiber();
    expect(before).toMatchObject({ observed_s: 43_200, down_s: 900, coverage_pct: 100 });
    expect(before.availability_pct).toBeCloseTo(100 * (1 - 900 / 43_200), 9);
    // 30 days of 99.9 % leave 2592 s.
    expect(before.budget).toMatchObject({ total_s: 2_592, remaining_s: 1_692 });
    expect(before.incidents).toMatchObject([
      { from: began, to: ended, down_s: 900, cause: "silence", is_exact: true },
    ]);
    restart();
    expect(await fiber()).toEqual(before);
  });

  test("what the alerts watch are the burn rates of the report", async () => {
    morning((end) => (end > NOON - 600 ? { up_s: 0, down_s: 300, lost: 150 } : {}));
    const { burn } = await fiber();
    const [own, ...others] = await desk().burns();
    expect(others).toEqual([]);
    expect(own?.rates["1h"]).toBeGreaterThan(14.4);
    expect<unknown>(burn).toEqual({ rates: own?.rates, level: "page" });
    expect(own).toMatchObject({ subject: { kind: "path", id: "fiber" }, level: "page" });
  });

  test("burn rates look back from now, into the month before too", async () => {
    morning((end) => (end === NOON ? { up_s: 0, down_s: 300 } : {}));
    const { burn } = await fiber();
    expect(burn?.rates["5m"]).toBeCloseTo(1_000, 6);
    expect(burn?.rates["1h"]).toBeCloseTo(1_000 / 12, 6);
    expect(burn?.rates["6h"]).toBeCloseTo((1_000 * 4) / 72, 0);
    expect(burn?.level).toBe("page");
  });

  test("hours stand in where five minutes are gone, and nothing counts twice", async () => {
    morning();
    const before = await fiber();
    opened.journal.handle.db?.run("DELETE FROM rollup_5m WHERE t <= ?", [FROM + 9 * 3_600 + 600]);
    const after = await fiber();
    // Hours do not reach into the one that is half gone.
    expect(after.observed_s).toBe(before.observed_s - 600);
    expect(after.down_s).toBe(900);
    expect(after.incidents).toMatchObject([{ down_s: 900, is_exact: false }]);
  });

  test("a month without history and one that is none", async () => {
    expect(await fiber({ month: "2020-02" })).toMatchObject({
      availability_pct: null,
      observed_s: 0,
      results: [{ met: null }],
    });
    expect(await desk().report({ ...NOVEMBER, month: "2026-14" })).toBeNull();
  });
});

describe("MaintenanceKeeper", () => {
  test("maintenance that began and ended forgives its down time, over restarts", async () => {
    morning();
    let orders: { path: typeof FIBER; author: string; reason: string }[] | null = null;
    let isClockSane = true;
    const keep = () => {
      const { clock } = opened;
      const parts = { clock, timers: clock, log: book, current: () => orders };
      return new MaintenanceKeeper({ ...parts, isClockSane: () => isClockSane });
    };
    const set = (time: number) => opened.clock.stepWall(time * 1_000 - opened.clock.wall());
    orders = [{ path: FIBER, author: "mira", reason: "splice" }];
    set(FROM + 6 * 3_600 + 900);
    keep().look();
    restart();
    orders = null;
    set(FROM + 6 * 3_600 + 1_000);
    // The engine has not read its state yet: nobody may end it.
    keep().look();
    expect(book.open()).toHaveLength(1);
    orders = [];
    isClockSane = false;
    keep().look();
    expect(book.open()).toHaveLength(1);
    isClockSane = true;
    set(FROM + 6 * 3_600 + 1_200);
    keep().look();
    restart();
    expect(book.open()).toEqual([]);
    expect(await fiber()).toMatchObject({ down_s: 600, excused_s: 300 });
    expect((await fiber()).maintenance).toMatchObject([{ author: "mira", reason: "splice" }]);
  });
});

describe("SqliteSlaBook", () => {
  test("what a failing disk keeps away is answered from memory and written later", () => {
    const { clock, journal } = opened;
    journal.handle.db?.run("PRAGMA query_only = ON");
    book.begin(FIBER, { author: "mira", reason: "" }, unixSeconds(FROM));
    const within = { from: FROM, to: unixSeconds(NOON) };
    expect(book.spans(FIBER, within)).toMatchObject([{ from: FROM, to: null }]);
    journal.handle.db?.run("PRAGMA query_only = OFF");
    journal.handle.open(0);
    clock.advance(31_000);
    restart();
    expect(book.open()).toMatchObject([{ path: FIBER, from: FROM, to: null, author: "mira" }]);
  });

  test("a new file in the place of a corrupt one knows what goes on", () => {
    book.begin(FIBER, { author: "mira", reason: "" }, unixSeconds(FROM));
    const fault = { kind: "corrupt", reason: "a test says so" } as const;
    opened.journal.handle.fail(fault);
    opened.clock.advance(31_000);
    restart();
    expect(book.open()).toHaveLength(1);
  });
});

describe("routes of service levels", () => {
  const app = () => {
    const { clock, log } = opened;
    const guard = { listen: null, token: null, anonymousRead: true, allowedHosts: ["localhost"] };
    return createApp(new FakeView(), { ...guard, clock, log, sla: desk() });
  };
  const get = (path: string) => app().request(`http://localhost${path}`, {}, { transport: "unix" });

  test.each([
    { query: "month=2026-11", type: "application/json" },
    { query: "month=2026-11&format=csv", type: "text/csv" },
    { query: "month=2026-11&format=html&path=fiber", type: "text/html" },
  ])("answer $query as $type", async ({ query, type }) => {
    morning();
    const response = await get(`/api/v1/sla/report?${query}`);
    expect([response.status, response.headers.get("content-type")]).toEqual([
      200,
      expect.stringContaining(type),
    ]);
    expect(await response.text()).toContain("fiber");
  });

  test.each([
    { query: "month=2026-1", status: 400 },
    { query: "month=2026-11&format=pdf", status: 400 },
    { query: "day=1", status: 400 },
    { query: "path=nowhere", status: 404 },
    { query: "policy=7", status: 404 },
    { query: "policy=7&path=fiber", status: 400 },
  ])("refuse $query with $status", async ({ query, status }) => {
    expect((await get(`/api/v1/sla/report?${query}`)).status).toBe(status);
  });

  test("the overview leaves out days and incidents", async () => {
    morning();
    const response = await get("/api/v1/sla");
    const body = (await response.json()) as { subjects: [Record<string, unknown>] };
    expect(body.subjects[0]).toMatchObject({ id: "fiber", down_s: 900 });
    expect(body.subjects[0]).not.toHaveProperty("days");
  });
});
