import { describe, expect, test } from "bun:test";
import type {
  FetchOrder,
  Got,
  UpdateSite,
  Way,
} from "../../../../agent/controller/update/ports.ts";
import { Updates } from "../../../../agent/controller/update/updates.ts";
import type { AgentConfig } from "../../../../agent/domain/config.ts";
import { TARGET } from "../../../../agent/domain/version.ts";
import type { AuditRecord } from "../../../../agent/engine/failover/effect.ts";
import type { SignedDocuments } from "../../../../agent/update/trust.ts";
import type { UpdateOrder, UpdateReport } from "../../../../agent/wire/update-frames.ts";
import { publicLine } from "../../../../scripts/release/signing.ts";
import { agentConfig } from "../../../support/configs.ts";
import { FakeClock } from "../../../support/fake-clock.ts";
import { FakeLog } from "../../../support/fake-log.ts";
import {
  BASE_SHA,
  manifestDocument,
  NEW_SHA,
  ROOT_KEY,
  sha,
  signedDocuments,
} from "../../../support/update-documents.ts";

const FILES = {
  ...{ size: 1_000, sha256: NEW_SHA },
  full: { place: "f.zst", size: 400, sha256: sha("full") },
  deltas: [{ place: "a.delta", size: 30, sha256: sha("delta"), base_sha256: BASE_SHA }],
};
const OFFERED = signedDocuments({
  manifest: manifestDocument({ targets: { [TARGET]: FILES }, created: 0, not_after: 2 ** 40 }),
  keys: { created: 0, not_after: 2 ** 40 },
});

const REPORT: UpdateReport = {
  ...{ activity: "idle", sha256: BASE_SHA, trial: null, previous: null, problem: null },
  root_keys: [publicLine(ROOT_KEY)],
  ...{ highest_release: 0, keys_version: 0, min_release: 0, seen_at: 0 },
  ...{ bad: [], steps: [], noted: 0 },
};

const UP: Way = { id: "fiber", isUp: true, isMetered: false };

interface Start {
  readonly update?: Partial<AgentConfig["update"]>;
  readonly documents?: Got<SignedDocuments>;
  readonly fetched?: Got<null>;
  readonly ways?: readonly Way[];
}

function start({ update = {}, documents, fetched, ways = [UP] }: Start = {}) {
  const clock = new FakeClock();
  const orders: UpdateOrder[] = [];
  const audits: AuditRecord[] = [];
  const troubles: (string | null)[] = [];
  const loads: FetchOrder[] = [];
  const base = agentConfig([]);
  const config = {
    ...base,
    update: { ...base.update, url: "http://u.example/", jitter_secs: 0, ...update },
  };
  const site: UpdateSite = {
    documents: () => Promise.resolve(documents ?? { kind: "got", value: OFFERED }),
    fetch(order) {
      loads.push(order);
      return Promise.resolve(fetched ?? { kind: "got", value: null });
    },
    stop() {},
  };
  const updates: Updates = new Updates({
    ...{ clock, timers: clock, log: new FakeLog(), site },
    config: () => config,
    order(order) {
      orders.push(order);
      if (order.kind === "survey") updates.reported(REPORT);
    },
    ways: () => ways,
    health: () => ({ ready: true, answering: 2 }),
    audit: (record) => audits.push(record),
    trouble: (fault) => troubles.push(fault),
  });
  const installs = () => orders.filter(({ kind }) => kind === "install");
  return { updates, clock, orders, audits, troubles, loads, installs };
}

const settle = async () => {
  for (let i = 0; i < 20; i++) await Promise.resolve();
};

describe("Updates", () => {
  test("check() finds a release and says what has to be loaded", async () => {
    const { updates } = start();
    expect(await updates.check()).toMatchObject({
      available: { version: "0.3.0", release: 7, how: "delta", octets: 30 },
      last_check: { outcome: "offered" },
      activity: "idle",
    });
  });

  test("apply() loads the delta and asks the supervisor, with how many paths answer", async () => {
    const { updates, loads, installs } = start();
    expect(await updates.apply(false)).toEqual({ kind: "started" });
    await settle();
    expect(loads).toMatchObject([{ payload: { place: "a.delta" } }]);
    expect(installs()).toEqual([{ kind: "install", answering: 2 }]);
    expect(await updates.apply(false)).toMatchObject({ kind: "refused" });
  });

  test("apply() keeps off a metered path unless it is told to take any", async () => {
    const ways = [{ ...UP, id: "lte", isMetered: true }];
    const { updates, loads } = start({ ways });
    const refused = await updates.apply(false);
    expect(refused.kind === "refused" && refused.reason).toContain("path lte is metered");
    expect(loads).toHaveLength(0);
    expect(await updates.apply(true)).toEqual({ kind: "started" });
  });

  test("what is not signed is refused, told once, and nothing is loaded", async () => {
    const bad = { ...OFFERED, manifest: OFFERED.keys };
    const { updates, audits, troubles, loads } = start({ documents: { kind: "got", value: bad } });
    for (let i = 0; i < 2; i++) await updates.check();
    expect(updates.body().last_check?.reason).toContain("does not fit the content");
    expect(audits).toHaveLength(1);
    expect(troubles.at(-1)).toContain("does not fit the content");
    expect(await updates.apply(true)).toMatchObject({ kind: "refused" });
    expect(loads).toHaveLength(0);
  });

  test("a server that does not answer is no alert, and is asked again sooner", async () => {
    const documents = { kind: "failed", reason: "connection refused" } as const;
    const { updates, clock, troubles } = start({ documents });
    updates.start();
    clock.advance(60_000);
    await settle();
    expect(updates.body().last_check).toMatchObject({ outcome: "failed" });
    expect(troubles.at(-1) ?? null).toBeNull();
    const asked = updates.body().last_check?.at ?? 0;
    clock.advance(60_000);
    await settle();
    expect(updates.body().last_check?.at).toBe(asked + 60);
  });

  test("by itself it takes a release only when that is switched on", async () => {
    for (const automatic of [false, true]) {
      const { updates, clock, installs } = start({ update: { automatic } });
      updates.start();
      clock.advance(60_000);
      await settle();
      expect(installs()).toHaveLength(automatic ? 1 : 0);
    }
  });

  test("by itself it waits for a path that is up, and takes the release then", async () => {
    const ways = [{ ...UP, isUp: false }];
    const { updates, clock, installs } = start({ update: { automatic: true }, ways });
    updates.start();
    clock.advance(60_000);
    await settle();
    expect(updates.body().waiting).toBe("path fiber is not up");
    ways[0] = UP;
    clock.advance(300_000);
    await settle();
    expect(installs()).toHaveLength(1);
  });

  test("steps of the supervisor become records once, and an alert while they are trouble", () => {
    const { updates, audits, orders, troubles } = start();
    const release = { at: 5, release: 7, version: "0.3.0" };
    const step = { ...release, number: 3, step: "rolled-back", detail: "it hung" } as const;
    for (let i = 0; i < 2; i++) updates.reported({ ...REPORT, steps: [step], noted: 2 });
    expect(audits).toMatchObject([
      { action: "update rolled-back", outcome: "refused", detail: "release 7 (0.3.0): it hung" },
    ]);
    expect(orders).toContainEqual({ kind: "noted", number: 3 });
    expect(troubles.at(-1)).toBe("it hung");
    const after = { ...release, number: 4, step: "committed", detail: "" } as const;
    updates.reported({ ...REPORT, steps: [step, after], noted: 3 });
    expect(troubles.at(-1)).toBeNull();
  });

  test("during a trial it tells its health every two seconds, and not after", () => {
    const { updates, clock, orders } = start();
    const trial = { release: 7, version: "0.3.0", ends_in_secs: 10 };
    updates.reported({ ...REPORT, activity: "trial", trial });
    clock.advance(2_000);
    clock.advance(2_000);
    const told = () => orders.filter(({ kind }) => kind === "health");
    expect(told()).toEqual(Array(3).fill({ kind: "health", ready: true, answering: 2 }));
    updates.reported(REPORT);
    clock.advance(10_000);
    expect(told()).toHaveLength(3);
  });

  test("rollBack() needs something to go back to", () => {
    const { updates, orders } = start();
    updates.reported(REPORT);
    expect(updates.rollBack("ann")).toMatchObject({ kind: "refused" });
    updates.reported({ ...REPORT, previous: { release: 6, version: "0.2.0" } });
    expect(updates.rollBack("ann")).toEqual({ kind: "started" });
    expect(orders.at(-1)).toEqual({ kind: "roll-back", author: "ann" });
  });
});
