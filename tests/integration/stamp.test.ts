/** STAMP probes on loopback against a reflector that lies, forgets, pads, cuts and counts. */

import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { OUTCOME_FLAG } from "../../agent/domain/outcome.ts";
import type { TableRow } from "../../agent/wire/frame.ts";
import { PROBE_TYPE } from "../../agent/wire/frame.ts";
import { monotonicNow } from "../../agent/worker/libc.ts";
import type { NamedOutcome } from "../support/probe-run.ts";
import { ProbeRun } from "../support/probe-run.ts";
import type { Reflector, ReflectorBehaviour } from "../support/stamp-reflector.ts";
import { openReflector, seal } from "../support/stamp-reflector.ts";
import { icmpRow } from "../support/table-rows.ts";

const LOCAL = [127, 0, 0, 1];
const YEAR = 365 * 86_400;
const KEY = "a shared secret";
const KEYS = new Map([[1, new TextEncoder().encode(KEY)]]);

let reflector: Reflector;
const runs: ProbeRun[] = [];
beforeAll(async () => {
  reflector = await openReflector();
});
afterAll(() => reflector.close());
afterEach(() => {
  for (const run of runs.splice(0)) run.loop.close();
  reflector.requests.length = 0;
});

function stampRow(changes: Partial<TableRow> = {}): TableRow {
  const pace = { intervalUs: 20_000, timeoutUs: 150_000 };
  const port = reflector.port;
  return icmpRow(LOCAL, { type: PROBE_TYPE.stamp, size: 44, port, ...pace, ...changes });
}

/** Probes until `count` of them have ended, at most 3 s, giving the reflector its turns. */
async function probe(behaviour: ReflectorBehaviour, changes: Partial<TableRow> = {}, count = 5) {
  reflector.behave(behaviour);
  const run = new ProbeRun([]);
  runs.push(run);
  run.loop.setTable([stampRow(changes)], KEYS);
  const end = monotonicNow() + 3e6;
  while (monotonicNow() < end && run.outcomes.length < count) {
    run.loop.turn(2_000);
    await Bun.sleep(0);
  }
  return run;
}

const kinds = (run: ProbeRun) => [...new Set(run.outcomes.map(({ kind }) => kind))].sort();
const all = (run: ProbeRun, is: (outcome: NamedOutcome) => boolean) => run.outcomes.every(is);
const has = (flag: number) => (outcome: NamedOutcome) => (outcome.flags & flag) !== 0;

describe("STAMP sender", () => {
  test("a plain exchange is replied, with kernel stamps and packets as the RFC wants them", async () => {
    const run = await probe({}, {}, 15);
    expect(kinds(run)).toEqual(["replied"]);
    // The kernel starts stamping a moment after the first socket asked for it.
    expect(run.outcomes.at(-1)?.flags).toBe(OUTCOME_FLAG.kernelTx | OUTCOME_FLAG.kernelRx);
    const [first, second] = reflector.requests;
    if (first === undefined || second === undefined) throw new Error("no requests");
    expect(first.length).toBe(44);
    expect(first.subarray(16).every((octet) => octet === 0)).toBe(true);
    expect(second.readUInt32BE(0)).toBe((first.readUInt32BE(0) + 1) >>> 0);
    expect(first.readUInt16BE(14)).not.toBe(0);
    expect(second.readUInt16BE(14)).toBe(first.readUInt16BE(14));
    expect(first.readUInt8(13)).toBeGreaterThan(0);
    const unixMs =
      (first.readUInt32BE(4) - 2_208_988_800) * 1e3 + (first.readUInt32BE(8) / 2 ** 32) * 1e3;
    expect(Math.abs(unixMs - Date.now())).toBeLessThan(3_000);
  });

  const clocks = [
    { name: "a year ahead", behaviour: { clockAhead: YEAR } },
    { name: "a year behind", behaviour: { clockAhead: -YEAR } },
    { name: "beyond the era of 2036", behaviour: { clockAhead: 15 * YEAR } },
    { name: "in PTP format", behaviour: { isPtp: true } },
    { name: "not synchronised", behaviour: { isSynchronised: false } },
    { name: "with T3 before T2", behaviour: { dwellMs: -5 } },
    { name: "with T3 long after T4", behaviour: { dwellMs: 50_000 } },
  ] as const;
  test.each(clocks)("a reflector's clock $name leaves the RTT right", async ({ behaviour }) => {
    const run = await probe(behaviour);
    expect(kinds(run)).toEqual(["replied"]);
    expect(all(run, ({ rttUs }) => rttUs > 0 && rttUs < 40_000)).toBe(true);
    if (!("dwellMs" in behaviour)) expect(run.outcomes.some(has(OUTCOME_FLAG.oneWay))).toBe(false);
  });

  test("the time the reflector says it took is not part of the RTT", async () => {
    const silent = await probe({ delayMs: 20 });
    const honest = await probe({ delayMs: 20, dwellMs: 20 });
    const least = (run: ProbeRun) => Math.min(...run.outcomes.map(({ rttUs }) => rttUs));
    expect(least(silent)).toBeGreaterThan(19_000);
    expect(least(honest)).toBeGreaterThan(0);
    expect(least(honest)).toBeLessThan(10_000);
  });

  test("a counting reflector's number comes along, a stateless one's does not", async () => {
    const counting = await probe({ countFrom: 70_000 });
    const counts = counting.outcomes.map(({ code }) => code);
    expect(all(counting, has(OUTCOME_FLAG.counted))).toBe(true);
    expect(counts.slice(0, 3)).toEqual([4_464, 4_465, 4_466]);
    const stateless = await probe({});
    expect(
      all(stateless, ({ code, flags }) => code === 0 && (flags & OUTCOME_FLAG.counted) === 0),
    ).toBe(true);
  });

  test("SSID 0 of an old reflector is accepted, another one is dropped", async () => {
    expect(kinds(await probe({ ssid: () => 0 }))).toEqual(["replied"]);
    const run = await probe({ ssid: (asked) => asked ^ 1 });
    expect(kinds(run)).toEqual(["expired"]);
    expect(run.loop.counters().foreign).toBeGreaterThan(0);
  });

  test("extensions come back, are grown or malformed, and do no harm", async () => {
    const padded = await probe({}, { size: 100 });
    expect(kinds(padded)).toEqual(["replied"]);
    const request = reflector.requests[0] ?? Buffer.alloc(0);
    expect(request.length).toBe(100);
    expect(request.subarray(44, 49)).toEqual(Buffer.from([0x80, 1, 0, 52, 0]));
    for (const tlv of [[0, 1, 0, 0], [0x80, 99, 0, 1, 7], [0x40, 1, 255, 255], [0xff]]) {
      const run = await probe({ change: (reply) => Buffer.concat([reply, Buffer.from(tlv)]) });
      expect(kinds(run)).toEqual(["replied"]);
    }
  });

  test.each([41, 43])("a TWAMP Light reply of %p octets is genuine", async (octets) => {
    const run = await probe({ change: (reply) => reply.subarray(0, octets) });
    expect(kinds(run)).toEqual(["replied"]);
  });

  test.each([36, 40])("a reply of %p octets is corrupt", async (octets) => {
    const run = await probe({ change: (reply) => reply.subarray(0, octets) });
    expect(kinds(run)).toEqual(["corrupt"]);
  });

  test.each([0, 1, 13, 35])(
    "a reply of %p octets names no probe: foreign, and lost",
    async (octets) => {
      const run = await probe({ change: (reply) => reply.subarray(0, octets) });
      expect(kinds(run)).toEqual(["expired"]);
      expect(run.loop.counters().foreign).toBeGreaterThan(0);
    },
  );

  test("a flipped octet in what must come back verbatim is corrupt, never a reply", async () => {
    // Sequence number and T1; of T1's fraction the low half is what finds the probe.
    for (const at of [24, 27, 28, 31, 32, 33]) {
      const flip = (reply: Buffer) => {
        reply[at] = (reply[at] ?? 0) ^ 0x10;
        return reply;
      };
      expect([at, ...kinds(await probe({ change: flip }, {}, 2))]).toEqual([at, "corrupt"]);
    }
    for (const at of [34, 35]) {
      const flip = (reply: Buffer) => {
        reply[at] = (reply[at] ?? 0) ^ 0x10;
        return reply;
      };
      expect([at, ...kinds(await probe({ change: flip }, {}, 2))]).toEqual([at, "expired"]);
    }
  });

  test("our own request, or noise, is no reply", async () => {
    expect(kinds(await probe({ change: (_reply, request) => request }))).toEqual(["expired"]);
    expect(kinds(await probe({ change: () => Buffer.alloc(44, 0xff) }))).toEqual(["expired"]);
    expect(kinds(await probe({ change: () => null }))).toEqual(["expired"]);
  });

  test("a closed port is unreachable, each error on its own probe", async () => {
    const run = await probe({}, { port: 39_002 });
    expect(kinds(run)).toEqual(["unreachable"]);
    expect(all(run, ({ code }) => code === 0x0303)).toBe(true);
  });
});

describe("authenticated STAMP sender", () => {
  test("both packets are sealed, padding is outside of the seal", async () => {
    for (const size of [44, 112, 200]) {
      const run = await probe({ key: KEY }, { key: 1, size });
      expect(kinds(run)).toEqual(["replied"]);
      const request = reflector.requests.at(-1) ?? Buffer.alloc(0);
      const again = Buffer.from(request);
      seal(again, KEY);
      expect(again.equals(request)).toBe(true);
      expect(request.length).toBe(Math.max(112, size));
    }
  });

  test("a reply sealed with another key, or changed behind its seal, is corrupt", async () => {
    expect(kinds(await probe({ key: "another secret" }, { key: 1 }))).toEqual(["corrupt"]);
    for (const at of [0, 16, 32, 90, 96, 111]) {
      const flip = (reply: Buffer) => {
        reply[at] = (reply[at] ?? 0) ^ 1;
        return reply;
      };
      const run = await probe({ key: KEY, change: flip }, { key: 1 }, 2);
      expect([at, ...kinds(run)]).toEqual([at, "corrupt"]);
    }
  });

  test("an unauthenticated reply to a sealed probe is no reply", async () => {
    expect(kinds(await probe({}, { key: 1 }))).toEqual(["expired"]);
  });

  test("without its key a probe is unsent, never sent in the open", async () => {
    const run = await probe({}, { key: 2 });
    expect(kinds(run)).toEqual(["unsent"]);
    expect(all(run, ({ code }) => code === 126)).toBe(true);
    expect(reflector.requests).toEqual([]);
  });
});
