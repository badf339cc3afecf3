/** Our STAMP sender against our reflector, in one loop: two agents measuring each other. */

import { afterEach, describe, expect, test } from "bun:test";
import { OUTCOME_FLAG } from "../../agent/domain/outcome.ts";
import { PROBE_TYPE } from "../../agent/wire/frame.ts";
import { ReflectorListeners } from "../../agent/worker/reflector/listeners.ts";
import { ProbeRun } from "../support/probe-run.ts";
import type { OrderChanges } from "../support/reflector-run.ts";
import { reflectorOrder } from "../support/reflector-run.ts";
import { icmpRow } from "../support/table-rows.ts";

const PORT = 38_972;
const LOCAL = [127, 0, 0, 1];
const LOCAL6 = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1];
const KEY = "00112233445566778899aabbccddeeff";
const KEYS = new Map([[1, Uint8Array.fromHex(KEY)]]);
const OTHER_KEYS = new Map([[1, Uint8Array.fromHex(`ff${KEY}`)]]);

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

interface Pair {
  readonly order?: OrderChanges;
  readonly size?: number;
  readonly keys?: ReadonlyMap<number, Uint8Array>;
}

/** Probes both families until each has five outcomes, at most 2 s. */
function measure({ order = {}, size = 44, keys }: Pair) {
  const run = new ProbeRun([]);
  const listeners = new ReflectorListeners((fd, onReady) => run.loop.watch(fd, onReady));
  closers.push(
    () => listeners.close(),
    () => run.loop.close(),
  );
  const listen = [`127.0.0.1:${PORT}`, `[::1]:${PORT}`];
  listeners.obey(reflectorOrder("", { listen, ...order }));
  expect(listeners.problems).toEqual([]);
  const pace = { intervalUs: 20_000, timeoutUs: 150_000 };
  const key = keys === undefined ? {} : { key: 1 };
  const changes = { type: PROBE_TYPE.stamp, size, port: PORT, ...pace, ...key };
  run.loop.setTable([icmpRow(LOCAL, changes), icmpRow(LOCAL6, changes)], keys);
  run.run(2_000, () => run.of(0).length >= 5 && run.of(1).length >= 5);
  return { run, listeners };
}

function kindsOf(run: ProbeRun): readonly string[] {
  return [...new Set(run.outcomes.map(({ kind }) => kind))];
}

describe("STAMP sender and reflector", () => {
  test.each([44, 45, 48, 100, 1_400])("understand each other with %p octets", (size) => {
    const { run, listeners } = measure({ size });
    expect(kindsOf(run)).toEqual(["replied"]);
    expect(run.outcomes.every(({ rttUs }) => rttUs > 0 && rttUs < 50_000)).toBe(true);
    expect(listeners.counters?.reflected).toBeGreaterThanOrEqual(10);
  });

  test("a stateful reflector's count comes along, per session", () => {
    const { run } = measure({ order: { stateful: true } });
    for (const series of [0, 1]) {
      const outcomes = run.of(series);
      expect(outcomes.every(({ flags }) => (flags & OUTCOME_FLAG.counted) !== 0)).toBe(true);
      expect(outcomes.map(({ code }) => code)).toEqual(outcomes.map((_, i) => i));
    }
  });

  test("a shared key is proof on both sides", () => {
    const { run } = measure({ order: { key: KEY }, size: 112, keys: KEYS });
    expect(kindsOf(run)).toEqual(["replied"]);
  });

  test("another key, or none, is not answered", () => {
    const wrong = measure({ order: { key: KEY }, size: 112, keys: OTHER_KEYS });
    expect(kindsOf(wrong.run)).not.toContain("replied");
    expect(wrong.listeners.counters).toMatchObject({ reflected: 0 });
    wrong.listeners.close();
    const without = measure({ order: { key: KEY } });
    expect(kindsOf(without.run)).not.toContain("replied");
    expect(without.listeners.counters?.unauthenticated).toBeGreaterThan(0);
  });
});
