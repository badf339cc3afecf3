/** Every probe ends exactly once, with the right class, RTT and flags. */

import { describe, expect, test } from "bun:test";
import { OUTCOME_FLAG, OUTCOME_KINDS } from "../../../agent/domain/outcome.ts";
import { Ledger } from "../../../agent/worker/ledger.ts";
import { SeriesTable } from "../../../agent/worker/series-table.ts";
import type { Moment, Outcome } from "../../../agent/worker/tracker.ts";
import { ProbeTracker } from "../../../agent/worker/tracker.ts";
import { TimingWheel } from "../../../agent/worker/wheel.ts";
import { icmpRow } from "../../support/table-rows.ts";

const OFFSET = 500;

function setUp(capacity = 256) {
  const records: Outcome[] = [];
  let word = 1;
  const rows = [icmpRow([192, 0, 2, 1]), icmpRow([192, 0, 2, 2])];
  const tracker = new ProbeTracker(
    { ledger: new Ledger(capacity, () => word++), wheel: new TimingWheel(capacity) },
    new SeriesTable(rows),
    { record: (outcome) => records.push({ ...outcome }) },
  );
  const send = (series: number, sentUs: number): number => {
    const slot = tracker.open(series);
    tracker.ledger.sentUs[slot] = sentUs;
    tracker.ledger.offsetUs[slot] = OFFSET;
    tracker.sent(slot);
    return slot;
  };
  const kinds = () => records.map(({ kind, series, seq }) => [OUTCOME_KINDS[kind], series, seq]);
  return { tracker, records, send, kinds };
}

/** Read at `nowUs`; the kernel received it at `rxUs` on the monotonic axis. */
function moment(nowUs: number, rxUs: number | null = null, offsetUs = OFFSET): Moment {
  return { nowUs, offsetUs, rxWallUs: rxUs === null ? Number.NaN : rxUs + OFFSET };
}

describe("ProbeTracker", () => {
  test("answered() takes the RTT from both kernel stamps when there are two", () => {
    const { tracker, records, send } = setUp();
    const slot = send(0, 1_000);
    tracker.stamped(slot, 1_004 + OFFSET);
    tracker.answered(slot, moment(90_000, 21_004));
    expect(records).toMatchObject([
      { rttUs: 20_000, flags: OUTCOME_FLAG.kernelTx | OUTCOME_FLAG.kernelRx, sentUs: 1_000 },
    ]);
  });

  test("answered() falls back to the send call, then to userland", () => {
    const { tracker, records, send } = setUp();
    tracker.answered(send(0, 1_000), moment(90_000, 21_000));
    tracker.answered(send(0, 1_000), moment(26_000));
    expect(records.map(({ rttUs, flags }) => [rttUs, flags])).toEqual([
      [20_000, OUTCOME_FLAG.kernelRx],
      [25_000, 0],
    ]);
  });

  test("a clock step between send and reply voids the RTT, not the reply", () => {
    const { tracker, records, send } = setUp();
    tracker.answered(send(0, 1_000), moment(21_000, 11_000, OFFSET + 1_001));
    tracker.answered(send(0, 1_000), moment(21_000, 11_000, OFFSET + 999));
    expect(records.map(({ kind, rttUs, flags }) => [kind, rttUs, flags])).toEqual([
      [0, 20_000, OUTCOME_FLAG.rttVoid],
      [0, 10_000, OUTCOME_FLAG.kernelRx],
    ]);
  });

  test("a send stamp from before the send call belongs to another probe", () => {
    const { tracker, records, send } = setUp();
    const slot = send(0, 50_000);
    tracker.stamped(slot, 40_000 + OFFSET);
    tracker.answered(slot, moment(61_000, 60_000));
    expect(records).toMatchObject([{ rttUs: 10_000, flags: OUTCOME_FLAG.kernelRx }]);
  });

  test("a reply that the kernel had in time is no loss, however late we read it", () => {
    const { tracker, kinds, send } = setUp();
    tracker.answered(send(0, 0), moment(5_000_000, 199_000));
    tracker.expire(5_000_000, false);
    expect(kinds()).toEqual([["replied", 0, 0]]);
  });

  test("a reply read before expiry but received after the timeout is expired and late", () => {
    const { tracker, kinds, send } = setUp();
    tracker.answered(send(0, 0), moment(300_000, 200_001));
    expect(kinds()).toEqual([
      ["expired", 0, 0],
      ["late", 0, 0],
    ]);
  });

  test("silence is expired at the timeout and lost after the linger", () => {
    const { tracker, kinds, send } = setUp();
    send(1, 0);
    tracker.expire(199_000, false);
    expect(kinds()).toEqual([]);
    tracker.expire(200_000, false);
    expect(kinds()).toEqual([["expired", 1, 0]]);
    tracker.expire(3_199_000, false);
    expect(kinds()).toHaveLength(1);
    tracker.expire(3_200_000, false);
    expect(kinds().at(-1)).toEqual(["lost", 1, 0]);
    expect(tracker.nextDueUs()).toBe(Number.POSITIVE_INFINITY);
  });

  test("a reply while lingering is late with its RTT, and never lost", () => {
    const { tracker, records, kinds, send } = setUp();
    const slot = send(0, 0);
    tracker.expire(200_000, false);
    tracker.answered(slot, moment(900_000, 800_000));
    tracker.expire(20_000_000, false);
    expect(kinds().map(([kind]) => kind)).toEqual(["expired", "late"]);
    expect(records[1]?.rttUs).toBe(800_000);
  });

  test("a further reply is a duplicate and changes nothing", () => {
    const { tracker, kinds, send } = setUp();
    const slot = send(0, 0);
    tracker.answered(slot, moment(10_000, 9_000));
    tracker.answered(slot, moment(11_000, 9_500));
    tracker.expire(20_000_000, false);
    expect(kinds().map(([kind]) => kind)).toEqual(["replied", "duplicate"]);
  });

  test("a reply overtaken by a later one of its series is reordered, beside replied", () => {
    const { tracker, kinds, send } = setUp();
    const first = send(0, 0);
    const other = send(1, 0);
    const second = send(0, 1_000);
    tracker.answered(second, moment(2_000, 1_500));
    tracker.answered(other, moment(2_100, 1_600));
    tracker.answered(first, moment(2_200, 1_700));
    expect(kinds()).toEqual([
      ["replied", 0, 1],
      ["replied", 1, 0],
      ["replied", 0, 0],
      ["reordered", 0, 0],
    ]);
  });

  test("corrupt and unreachable end a probe once; what follows is ignored", () => {
    const { tracker, records, kinds, send } = setUp();
    const [a, b] = [send(0, 0), send(1, 0)];
    tracker.unreachable(a, 0x0301);
    tracker.unreachable(a, 0x0301);
    tracker.corrupted(b);
    tracker.answered(a, moment(1_000, 900));
    tracker.answered(b, moment(1_000, 900));
    tracker.expire(20_000_000, false);
    expect(kinds()).toEqual([
      ["unreachable", 0, 0],
      ["corrupt", 1, 0],
    ]);
    expect(records.map(({ code }) => code)).toEqual([0x0301, 0]);
  });

  test("unsent carries the errno and takes a sequence number", () => {
    const { tracker, records, kinds } = setUp();
    tracker.unsent(tracker.open(0), 101);
    tracker.refused(0, 19, 77);
    tracker.expire(20_000_000, false);
    expect(kinds()).toEqual([
      ["unsent", 0, 0],
      ["unsent", 0, 1],
    ]);
    expect(records.map(({ code }) => code)).toEqual([101, 19]);
  });

  test("mismatched is counted beside a probe that goes on", () => {
    const { tracker, kinds, send } = setUp();
    const slot = send(0, 0);
    tracker.mismatched(slot);
    tracker.answered(slot, moment(1_000, 900));
    tracker.mismatched(slot);
    expect(kinds().map(([kind]) => kind)).toEqual(["mismatched", "replied"]);
  });

  test("expire() in a voided span ends probes without an outcome", () => {
    const { tracker, kinds, send } = setUp();
    const slot = send(0, 0);
    tracker.expire(5_000_000, true);
    tracker.answered(slot, moment(5_000_001, 5_000_000));
    tracker.expire(60_000_000, false);
    expect(kinds()).toEqual([]);
  });

  test("voidAll() forgets what is in flight and keeps what is decided", () => {
    const { tracker, kinds, send } = setUp();
    send(0, 0);
    tracker.expire(200_000, false);
    send(1, 200_000);
    tracker.voidAll();
    tracker.expire(60_000_000, false);
    expect(kinds()).toEqual([
      ["expired", 0, 0],
      ["lost", 0, 0],
    ]);
  });

  test("a lingering slot that is needed again is finished as lost first", () => {
    const { tracker, kinds, send } = setUp();
    for (let i = 0; i < 256; i++) send(0, 0);
    tracker.expire(200_000, false);
    const slot = send(1, 200_000);
    expect(kinds().slice(256)).toEqual([["lost", 0, 0]]);
    tracker.answered(slot, moment(201_000, 200_500));
    tracker.expire(60_000_000, false);
    expect(kinds().filter(([kind]) => kind === "lost")).toHaveLength(256);
    expect(kinds().filter(([kind]) => kind === "replied")).toEqual([["replied", 1, 0]]);
  });

  test("random life: every probe that was sent ends exactly once", () => {
    const { tracker, records, send } = setUp();
    const open: number[] = [];
    for (let step = 0; step < 5_000; step++) {
      const now = step * 20_000;
      open.push(send(step % 2, now));
      const pick = open[(step * 7) % open.length] ?? 0;
      if (step % 3 === 0) tracker.answered(pick, moment(now + 10_000, now + 5_000));
      if (step % 11 === 0) tracker.unreachable(pick, 1);
      if (open.length > 30) open.shift();
      tracker.expire(now + 19_000, false);
    }
    tracker.expire(1e9, false);
    tracker.expire(2e9, false);
    const finals = new Map<string, number>();
    for (const { kind, series, seq } of records) {
      const name = OUTCOME_KINDS[kind];
      if (name === "expired" || name === "duplicate" || name === "reordered") continue;
      finals.set(`${series}/${seq}`, (finals.get(`${series}/${seq}`) ?? 0) + 1);
    }
    expect(finals.size).toBe(5_000);
    expect([...finals.values()].every((count) => count === 1)).toBe(true);
  });

  test("answered() takes off what a STAMP reflector took, and tells of the way there", () => {
    const { tracker, records, send } = setUp();
    const slot = send(0, 1_000);
    tracker.stamped(slot, 1_004 + OFFSET);
    const t2Us = 1_004 + OFFSET + 7_000.4;
    const said = { t2Us, t3Us: t2Us + 5_000, isTrusted: true, counter: 0xfffe };
    tracker.answered(slot, moment(90_000, 21_004), said);
    const flags = OUTCOME_FLAG.kernelTx | OUTCOME_FLAG.kernelRx;
    expect(records).toMatchObject([
      {
        rttUs: 15_000,
        forwardUs: 7_000,
        code: 0xfffe,
        flags: flags | OUTCOME_FLAG.oneWay | OUTCOME_FLAG.counted,
      },
    ]);
  });

  test("answered() withholds the way there without trust, and after a clock step", () => {
    const { tracker, records, send } = setUp();
    const said = { t2Us: 2_000, t3Us: 1_000, isTrusted: false, counter: -1 };
    tracker.answered(send(0, 1_000), moment(90_000, 21_000), said);
    const stepped = moment(90_000, 21_000, OFFSET + 50_000);
    tracker.answered(send(0, 1_000), stepped, { ...said, isTrusted: true });
    expect(
      records.map(({ rttUs, flags, forwardUs, code }) => [rttUs, flags, forwardUs, code]),
    ).toEqual([
      [20_000, OUTCOME_FLAG.kernelRx, 0, 0],
      [89_000, OUTCOME_FLAG.rttVoid, 0, 0],
    ]);
  });

  test("a late STAMP reply expires first, and keeps what the reflector said", () => {
    const { tracker, records, send, kinds } = setUp();
    const said = { t2Us: 3_000, t3Us: 3_010, isTrusted: true, counter: 7 };
    tracker.answered(send(0, 1_000), moment(900_000, 800_000), said);
    expect(kinds()).toEqual([
      ["expired", 0, 0],
      ["late", 0, 0],
    ]);
    expect(records.map(({ code, forwardUs, rttUs }) => [code, forwardUs, rttUs])).toEqual([
      [0, 0, 0],
      [7, 1_500, 798_990],
    ]);
  });
});
