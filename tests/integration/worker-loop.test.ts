/** The probe loop on loopback: real sockets, real stamps, both families, both types. */

import { afterAll, afterEach, describe, expect, test } from "bun:test";
import { OUTCOME_FLAG } from "../../agent/domain/outcome.ts";
import { TABLE_FLAG } from "../../agent/wire/frame.ts";
import { openEcho } from "../../agent/worker/echo.ts";
import { closeFd, monotonicNow, openSocket } from "../../agent/worker/libc.ts";
import { ProbeRun } from "../support/probe-run.ts";
import { icmpRow, udpRow } from "../support/table-rows.ts";

const LOCAL = [127, 0, 0, 1];
const LOCAL6 = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1];
const KERNEL = OUTCOME_FLAG.kernelTx | OUTCOME_FLAG.kernelRx;
const FAST = { intervalUs: 20_000, timeoutUs: 100_000 };

/** AF_INET, SOCK_RAW, ICMP; a datagram socket would do as well. */
function icmpProblem(): string | null {
  for (const type of [2, 3]) {
    const opened = openSocket(2, type, 1);
    if (opened.kind === "failed") continue;
    closeFd(opened.fd);
    return null;
  }
  return "needs CAP_NET_RAW or ping_group_range";
}

const runs: ProbeRun[] = [];
function probe(...args: ConstructorParameters<typeof ProbeRun>): ProbeRun {
  const run = new ProbeRun(...args);
  runs.push(run);
  return run;
}
afterEach(() => {
  for (const run of runs.splice(0)) run.loop.close();
});

const problem = icmpProblem();

describe.skipIf(problem !== null)(`ICMP on loopback (${problem ?? "sockets open"})`, () => {
  test("both families answer with kernel stamps on both ends", () => {
    const run = probe([icmpRow(LOCAL, FAST), icmpRow(LOCAL6, FAST)]).run(250);
    for (const series of [0, 1]) {
      const outcomes = run.of(series);
      expect(outcomes.length).toBeGreaterThan(3);
      expect(outcomes.every(({ kind }) => kind === "replied")).toBe(true);
      expect(outcomes.map(({ seq }) => seq)).toEqual(outcomes.map((_, i) => i));
      // The kernel starts stamping a moment after the first socket asked for it.
      expect(outcomes.slice(2).every(({ flags }) => flags === KERNEL)).toBe(true);
      expect(outcomes.every(({ rttUs }) => rttUs > 0 && rttUs < 20_000)).toBe(true);
    }
    expect(run.loop.abilities().stamps).toBe("kernel");
  });

  test.each([8, 9, 16, 17, 56, 1_401, 9_001])("a payload of %p octets comes back whole", (size) => {
    const run = probe([icmpRow(LOCAL, { ...FAST, size })]).run(100);
    expect(Object.keys(run.counts(0))).toEqual(["replied"]);
  });

  test("RTT stays right while we do not look for 30 ms", () => {
    const run = probe([icmpRow(LOCAL, { ...FAST, intervalUs: 50_000 })]).run(60);
    run.outcomes.length = 0;
    for (let i = 0; i < 6; i++) {
      run.run(50, () => run.loop.lastSendUs > monotonicNow() - 1_000);
      const until = monotonicNow() + 30_000;
      while (monotonicNow() < until);
      run.run(5);
    }
    const rtts = run.of(0).map(({ rttUs }) => rttUs);
    expect(rtts.length).toBeGreaterThan(3);
    expect(Math.max(...rtts)).toBeLessThan(5_000);
  });

  test("a stall longer than the timeout voids silence and keeps replies", () => {
    const silent = openEcho({ family: 4, address: Uint8Array.from(LOCAL), port: 39_708 });
    const run = probe([icmpRow(LOCAL, FAST), udpRow(LOCAL, 39_708, FAST)]);
    run.run(90);
    const until = monotonicNow() + 300_000;
    while (monotonicNow() < until);
    run.run(1);
    expect(run.stalls).toHaveLength(1);
    const [[from, to] = [0, 0]] = run.stalls;
    expect(to - from).toBeGreaterThan(250_000);
    expect(Object.keys(run.counts(0))).toEqual(["replied"]);
    const timedOut = run.of(1).map(({ sentUs }) => sentUs + FAST.timeoutUs);
    expect(timedOut.filter((at) => at > from && at <= to)).toEqual([]);
    expect(run.loop.counters().stalls).toBe(1);
    expect(run.loop.counters().sends_skipped).toBeGreaterThan(10);
    silent?.close();
  });

  test("a new table forgets the old one: sequence numbers restart, sockets stay", () => {
    const run = probe([icmpRow(LOCAL, FAST)]).run(60);
    const before = run.loop.counters().sent;
    run.outcomes.length = 0;
    run.loop.setTable([icmpRow([127, 0, 0, 2], FAST), icmpRow(LOCAL, FAST)]);
    run.run(60);
    expect(run.of(0)[0]?.seq).toBe(0);
    expect(run.of(1)[0]?.seq).toBe(0);
    expect(run.loop.counters().sent).toBeGreaterThan(before);
  });

  test("65,536 numbers wrap without a loss", () => {
    const rows = Array.from({ length: 200 }, (_, i) =>
      icmpRow([127, 0, 3, 1 + i], { intervalUs: 5_000, timeoutUs: 1_000_000, phase: i / 200 }),
    );
    const run = probe(rows);
    run.run(10_000, () => run.loop.counters().sent > 70_000);
    run.run(1_000, () => run.outcomes.length >= run.loop.counters().sent);
    const { sent, received, foreign } = run.loop.counters();
    expect(sent).toBeGreaterThan(65_536);
    expect([received, foreign]).toEqual([sent, 0]);
    expect(new Set(run.outcomes.map(({ kind }) => kind))).toEqual(new Set(["replied"]));
  }, 15_000);
});

describe("UDP on loopback", () => {
  const echo = openEcho({ family: 4, address: Uint8Array.from(LOCAL), port: 39_707 });
  afterAll(() => echo?.close());

  test("an echo responder answers, with kernel stamps", () => {
    const run = probe([udpRow(LOCAL, 39_707, { ...FAST, size: 100 })]);
    if (echo !== null) run.loop.watch(echo.fd, () => echo.answer());
    run.run(200);
    expect(Object.keys(run.counts(0))).toEqual(["replied"]);
    expect(
      run
        .of(0)
        .slice(2)
        .every(({ flags }) => flags === KERNEL),
    ).toBe(true);
  });

  test("a closed port is unreachable by type and code, each error on its own probe", () => {
    const run = probe([
      udpRow(LOCAL, 39_001, FAST),
      udpRow(LOCAL, 39_707, FAST),
      udpRow(LOCAL6, 39_001, FAST),
    ]);
    if (echo !== null) run.loop.watch(echo.fd, () => echo.answer());
    run.run(200);
    expect(Object.keys(run.counts(0))).toEqual(["unreachable"]);
    expect(run.of(0).every(({ code }) => code === 0x0303)).toBe(true);
    expect(Object.keys(run.counts(1))).toEqual(["replied"]);
    expect(run.of(2).every(({ kind, code }) => kind === "unreachable" && code === 0x0104)).toBe(
      true,
    );
  });

  test("a closed port counts as alive where the table says so", () => {
    const alive = { ...FAST, flags: TABLE_FLAG.acceptUnreachable };
    const run = probe([udpRow(LOCAL, 39_001, alive), udpRow(LOCAL6, 39_001, alive)]).run(150);
    for (const series of [0, 1]) {
      expect(Object.keys(run.counts(series))).toEqual(["replied"]);
      expect(run.of(series).every(({ rttUs }) => rttUs > 0 && rttUs < 20_000)).toBe(true);
    }
  });

  test("closed ports in one burst keep their errors apart", () => {
    const rows = Array.from({ length: 100 }, (_, i) => udpRow([127, 0, 4, 1 + i], 39_001, FAST));
    const run = probe(rows).run(150);
    for (let series = 0; series < rows.length; series++) {
      expect(Object.keys(run.counts(series))).toEqual(["unreachable"]);
    }
  });
});

describe("our own host in the way", () => {
  test("a missing device is unsent with ENODEV, once per scheduled probe", () => {
    const run = probe([udpRow(LOCAL, 7, { ...FAST, device: "pat-none0" })]).run(200);
    expect(Object.keys(run.counts(0))).toEqual(["unsent"]);
    expect(run.of(0).every(({ code }) => code === 19)).toBe(true);
    expect(run.of(0).length).toBeGreaterThanOrEqual(9);
    expect(run.loop.abilities().problems).toEqual([
      "cannot bind the device of UDP over IPv4 on pat-none0: no such device (errno 19)",
    ]);
  });

  test("a foreign source address is unsent with EADDRNOTAVAIL", () => {
    const source = Uint8Array.of(192, 0, 2, 1);
    const run = probe([udpRow(LOCAL, 7, { ...FAST, source })]).run(200);
    expect(run.of(0).every(({ kind, code }) => kind === "unsent" && code === 99)).toBe(true);
    expect(run.of(0).length).toBeGreaterThan(1);
  });

  test("a refused send is unsent with its errno, others of the batch go on", () => {
    const closed = { ...FAST, flags: TABLE_FLAG.acceptUnreachable };
    const broadcast = [255, 255, 255, 255];
    const run = probe([
      udpRow(LOCAL, 39_001, closed),
      udpRow(broadcast, 39_001, FAST),
      udpRow(LOCAL, 39_002, closed),
    ]).run(150);
    expect(Object.keys(run.counts(0))).toEqual(["replied"]);
    expect(Object.keys(run.counts(2))).toEqual(["replied"]);
    expect(Object.keys(run.counts(1))).toEqual(["unsent"]);
    expect(run.of(1).every(({ code }) => code === 13)).toBe(true);
    // The kernel may number a send that it then refuses; stamps must stay with their probes.
    const rtts = run.of(0).map(({ rttUs }) => rttUs);
    expect(rtts.every((rtt) => rtt > 0 && rtt < 15_000)).toBe(true);
  });

  test("a type without a sender is unsent and said so; an unresolved row is silent", () => {
    const run = probe([
      icmpRow(LOCAL, { ...FAST, type: 9 }),
      icmpRow([0, 0, 0, 0], { ...FAST, type: 0 }),
    ]).run(60);
    expect(run.of(0).every(({ kind, code }) => kind === "unsent" && code === 93)).toBe(true);
    expect(run.of(1)).toEqual([]);
    expect(run.loop.abilities().problems).toEqual([
      "cannot send type 9 over IPv4: protocol not supported (errno 93)",
    ]);
  });
});
