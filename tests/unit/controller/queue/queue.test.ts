/** The queue as its users see it, on fake time. */

import { describe, expect, test } from "bun:test";
import type { Delivery } from "../../../../agent/controller/queue/ports.ts";
import {
  entry,
  FakeReceiver,
  FakeStore,
  LIMITS,
  queueWorld,
  WALL0,
} from "../../../support/fake-queue.ts";

const RETRY: Delivery = { kind: "retry", afterMs: null, reason: "refused" };
const REFUSED: Delivery = { kind: "permanent", status: 400, text: "bad" };

function ids(from: number, to: number): string[] {
  return Array.from({ length: to - from + 1 }, (_, i) => `c${from + i}`);
}

describe("OutboundQueue", () => {
  test("a delivery that succeeds at once never touches the disk", async () => {
    const { queue, receiver, store, run } = queueWorld();
    for (let n = 1; n <= 3; n++) queue.enqueue("a", entry(n));
    await run(0);
    expect(receiver.seen).toEqual(ids(1, 3));
    expect(store.inserts).toBe(0);
    expect(queue.state().destinations[0]).toMatchObject({ delivered: 3, items: 0, state: "idle" });
  });

  test("a failed delivery is stored before anything else, and so is what comes behind it", async () => {
    const { queue, receiver, store, run } = queueWorld();
    receiver.answer = RETRY;
    queue.enqueue("a", entry(1));
    await run(0);
    expect(store.ids).toEqual(["c1"]);
    queue.enqueue("a", entry(2));
    expect(store.ids).toEqual(["c1", "c2"]);
    expect(queue.state().destinations[0]).toMatchObject({ items: 2, stored_items: 2, retries: 1 });
  });

  test("an attempt that hangs is stored after 10 s, not before", async () => {
    const { queue, receiver, store, run } = queueWorld();
    receiver.answer = null;
    queue.enqueue("a", entry(1));
    await run(9_950);
    expect(store.ids).toEqual([]);
    await run(50);
    expect(store.ids).toEqual(["c1"]);
    receiver.settle({ kind: "delivered" });
    await run(0);
    expect(store.ids).toEqual([]);
    expect(receiver.seen).toEqual(["c1"]);
  });

  test("an attempt without an end is given up after 30 s and tried again", async () => {
    const { queue, receiver, run } = queueWorld();
    receiver.answer = null;
    queue.enqueue("a", entry(1));
    await run(30_000);
    expect(receiver.aborted).toEqual(["c1"]);
    receiver.answer = { kind: "delivered" };
    await run(1_100);
    expect(receiver.seen).toEqual(["c1", "c1"]);
    receiver.settle(REFUSED);
    await run(0);
    expect(queue.state().destinations[0]).toMatchObject({ delivered: 1, retries: 1 });
  });

  test("what was asked to be stored at once is in the file before it is sent", () => {
    const { queue, store } = queueWorld();
    queue.enqueue("a", entry(1), true);
    expect(store.ids).toEqual(["c1"]);
  });

  test("order is kept through an outage, and nothing is lost or sent twice", async () => {
    const { queue, receiver, run, store } = queueWorld();
    receiver.answer = RETRY;
    for (let n = 1; n <= 20; n++) {
      queue.enqueue("a", entry(n));
      await run(1_000);
    }
    receiver.seen.length = 0;
    receiver.answer = { kind: "delivered" };
    queue.nudge();
    for (let n = 21; n <= 25; n++) {
      queue.enqueue("a", entry(n));
      await run(1_000);
    }
    expect(receiver.seen).toEqual(ids(1, 25));
    expect(store.ids).toEqual([]);
  });

  test("the backlog goes at its rate, and what is fresh goes at once", async () => {
    const { queue, receiver, run } = queueWorld({ random: () => 0 });
    receiver.answer = RETRY;
    for (let n = 1; n <= 31; n++) queue.enqueue("a", entry(n));
    await run(0);
    receiver.answer = { kind: "delivered" };
    receiver.at.length = 0;
    queue.nudge();
    await run(10_000);
    const [first = 0] = receiver.at;
    const last = receiver.at.at(-1) ?? 0;
    expect(receiver.at.length).toBe(31);
    expect(last - first).toBeGreaterThanOrEqual(2_900);
    expect(last - first).toBeLessThanOrEqual(3_200);
    const before = receiver.at.length;
    for (let n = 32; n <= 60; n++) queue.enqueue("a", entry(n));
    await run(0);
    expect(receiver.at.length - before).toBe(29);
  });

  test("after an outage the replay starts spread over up to ten seconds", async () => {
    const late = queueWorld({ random: () => 0.999 });
    late.receiver.answer = RETRY;
    for (let n = 1; n <= 90; n++) late.queue.enqueue("a", entry(n));
    await late.run(0);
    late.receiver.answer = { kind: "delivered" };
    late.queue.nudge();
    await late.run(8_800);
    expect(late.receiver.seen.length).toBe(2);
    await late.run(1_000);
    expect(late.receiver.seen.length).toBeGreaterThan(5);
  });

  test("waits grow up to the limit and a nudge ends them", async () => {
    const { queue, receiver, run } = queueWorld({ random: () => 0.999 });
    receiver.answer = RETRY;
    queue.enqueue("a", entry(1));
    await run(3_600_000);
    const gaps = receiver.at.map((at, i) => at - (receiver.at[i - 1] ?? 0)).slice(1);
    expect(gaps.slice(0, 4).map((gap) => Math.round(gap / 1_000))).toEqual([1, 2, 4, 8]);
    expect(Math.max(...gaps)).toBeLessThanOrEqual(300_050);
    expect(gaps.at(-1) ?? 0).toBeGreaterThan(290_000);
    const before = receiver.seen.length;
    queue.nudge();
    await run(0);
    expect(receiver.seen.length).toBe(before + 1);
  });

  test("a wish of the receiver is kept, and survives a restart", async () => {
    const { queue, receiver, run, store } = queueWorld({ random: () => 0 });
    receiver.answer = { kind: "retry", afterMs: 120_000, reason: "503" };
    queue.enqueue("a", entry(1));
    await run(60_000);
    expect(receiver.seen.length).toBe(1);
    expect(store.holds.get("a")).toBe(WALL0 + 120_000);
    const second = queueWorld({ store, random: () => 0 });
    await second.run(119_900);
    expect(second.receiver.seen).toEqual([]);
    await second.run(200);
    expect(second.receiver.seen).toEqual(["c1"]);
  });

  test("a nudge does not override the receiver's wish, a new address of it does", async () => {
    const { queue, receiver, run } = queueWorld({ random: () => 0 });
    receiver.answer = { kind: "retry", afterMs: 120_000, reason: "503" };
    queue.enqueue("a", entry(1));
    await run(1_000);
    queue.nudge();
    await run(1_000);
    expect(receiver.seen.length).toBe(1);
    queue.open({ name: "a", send: receiver.send, limits: LIMITS });
    await run(1_000);
    expect(receiver.seen.length).toBe(2);
  });

  test("a permanent answer goes to the dead letters and the next entry follows", async () => {
    const { queue, receiver, run, store } = queueWorld();
    receiver.answer = REFUSED;
    queue.enqueue("a", entry(1));
    queue.enqueue("a", entry(2));
    await run(0);
    expect(receiver.seen).toEqual(["c1", "c2"]);
    const [letter] = queue.deadLetters();
    expect(letter).toMatchObject({ id: "c2", status: 400, answer: "bad", count: 2 });
    expect(store.letterWrites).toBe(1);
    const [state] = queue.state().destinations;
    expect(state?.dropped.refused).toBe(2);
    expect(state?.items).toBe(0);
  });

  test("a partial success counts what was refused and is not sent again", async () => {
    const { queue, receiver, run } = queueWorld();
    receiver.answer = { kind: "partial", rejected: 7, message: "too old" };
    queue.enqueue("a", entry(1));
    await run(60_000);
    expect(receiver.seen).toEqual(["c1"]);
    const [state] = queue.state().destinations;
    expect(state).toMatchObject({ delivered: 1, partial: 1, rejected: 7, last_error: "too old" });
  });

  test("beyond its octets the oldest are dropped and counted, not what is being sent", async () => {
    const { queue, receiver, run, store } = queueWorld({
      destination: { limits: { ...LIMITS, maxBytes: 500 } },
    });
    receiver.answer = RETRY;
    queue.enqueue("a", entry(1));
    await run(0);
    receiver.answer = null;
    queue.nudge();
    await run(0);
    for (let n = 2; n <= 8; n++) queue.enqueue("a", entry(n));
    expect(store.ids).toEqual(["c1", "c5", "c6", "c7", "c8"]);
    expect(queue.state().destinations[0]?.dropped.size).toBe(3);
    expect(queue.state().destinations[0]?.bytes).toBe(500);
  });

  test("what is too old is dropped, but only by a clock that can be trusted", async () => {
    let trusted = false;
    const { queue, receiver, run, store, clock } = queueWorld({ isClockTrusted: () => trusted });
    receiver.answer = RETRY;
    queue.enqueue("a", entry(1));
    queue.enqueue("a", entry(2, { expiresAt: entry(3).createdAt }));
    queue.enqueue("a", entry(3_000));
    await run(0);
    clock.stepWall(LIMITS.maxAgeMs + 10_000);
    queue.nudge();
    await run(0);
    expect(receiver.seen.at(-1)).toBe("c1");
    expect(store.ids.length).toBe(3);
    trusted = true;
    queue.nudge();
    await run(200);
    expect(receiver.seen.at(-1)).toBe("c3000");
    expect(queue.state().destinations[0]?.dropped.age).toBe(2);
  });

  test("a disk that takes nothing leaves entries in memory, in order, up to a limit", async () => {
    const { queue, receiver, run, store, log } = queueWorld({
      destination: { limits: { ...LIMITS, maxBytes: 1 << 24 } },
    });
    store.fault = { reason: "disk full", lost: false };
    receiver.answer = RETRY;
    for (let n = 1; n <= 3; n++) queue.enqueue("a", entry(n));
    await run(0);
    expect(queue.state()).toMatchObject({ fault: "disk full" });
    expect(queue.state().destinations[0]).toMatchObject({ items: 3, stored_items: 0 });
    for (let n = 4; n <= 6; n++) queue.enqueue("a", entry(n, { body: new Uint8Array(500_000) }));
    expect(queue.state().destinations[0]?.dropped.disk).toBe(4);
    store.fault = null;
    await run(10_050);
    expect(store.ids).toEqual(["c5", "c6"]);
    expect(queue.state().fault).toBeNull();
    expect(log.messages.filter((text) => text.includes("file is not written")).length).toBe(1);
  });

  test("a file that is lost costs what it held, counted, and the next entries go on", async () => {
    const { queue, receiver, run, store } = queueWorld();
    receiver.answer = RETRY;
    for (let n = 1; n <= 3; n++) queue.enqueue("a", entry(n));
    await run(0);
    store.fault = { reason: "damaged", lost: true };
    receiver.answer = { kind: "delivered" };
    queue.nudge();
    await run(0);
    expect(queue.state().destinations[0]).toMatchObject({ items: 0 });
    expect(queue.state().destinations[0]?.dropped.corrupt).toBe(3);
    receiver.answer = RETRY;
    queue.enqueue("a", entry(4));
    await run(0);
    expect(store.ids).toEqual(["c4"]);
    receiver.answer = { kind: "delivered" };
    queue.nudge();
    await run(200);
    expect(receiver.seen.at(-1)).toBe("c4");
    expect(store.ids).toEqual([]);
  });

  test("a destination that hangs delays no other", async () => {
    const { queue, receiver, clock, run } = queueWorld();
    receiver.answer = null;
    const other = new FakeReceiver(clock);
    queue.open({ name: "b", send: other.send, limits: LIMITS });
    for (let n = 1; n <= 5; n++) {
      queue.enqueue("a", entry(n));
      queue.enqueue("b", entry(n));
    }
    await run(0);
    expect(receiver.seen).toEqual(["c1"]);
    expect(other.seen).toEqual(ids(1, 5));
  });

  test("delivered rows leave the file in batches of 50", async () => {
    const { queue, receiver, run, store } = queueWorld({
      destination: { limits: { ...LIMITS, maxBytes: 1 << 20, replayPerSec: 1_000 } },
    });
    receiver.answer = RETRY;
    for (let n = 1; n <= 120; n++) queue.enqueue("a", entry(n));
    await run(0);
    receiver.answer = { kind: "delivered" };
    queue.nudge();
    await run(10_000);
    expect(receiver.seen.length).toBe(121);
    expect(store.deletes).toBe(3);
    expect(store.ids).toEqual([]);
  });

  test("an empty file is given back after a minute, unless something waits again", async () => {
    const { queue, receiver, run, store } = queueWorld();
    receiver.answer = RETRY;
    queue.enqueue("a", entry(1));
    await run(0);
    receiver.answer = { kind: "delivered" };
    queue.nudge();
    await run(59_000);
    expect(store.shrinks).toBe(0);
    await run(2_000);
    expect(store.shrinks).toBe(1);
  });

  test("a restart goes on with what the file holds, and drops what has no destination", async () => {
    const store = new FakeStore();
    store.insert("a", [entry(1), entry(2)]);
    store.insert("gone", [entry(3)]);
    const { receiver, run } = queueWorld({ store });
    await run(1_000);
    expect(receiver.seen).toEqual(["c1", "c2"]);
    expect(store.ids).toEqual(["c3"]);
    await run(600_000);
    expect(store.ids).toEqual([]);
  });

  test("has() knows what waits, in memory and in the file", async () => {
    const { queue, receiver, run } = queueWorld();
    receiver.answer = null;
    queue.enqueue("a", entry(1));
    expect([queue.has("a", "c1"), queue.has("a", "c2")]).toEqual([true, false]);
    receiver.settle(RETRY);
    await run(0);
    expect([queue.has("a", "c1"), queue.has("a", "c2")]).toEqual([true, false]);
  });

  test("enqueue() to a destination that was never opened is a bug", () => {
    const { queue } = queueWorld();
    expect(() => queue.enqueue("nobody", entry(1))).toThrow("no such destination");
  });
});

describe("stop()", () => {
  test("delivers what goes at once and stores nothing then", async () => {
    const { queue, receiver, store } = queueWorld();
    queue.enqueue("a", entry(1));
    queue.enqueue("a", entry(2));
    await queue.stop();
    expect(receiver.seen).toEqual(["c1", "c2"]);
    expect(store.inserts).toBe(0);
    expect(store.closed).toBe(true);
  });

  test("stores what hangs when 1.5 s are over", async () => {
    const { queue, receiver, store, run } = queueWorld();
    receiver.answer = null;
    queue.enqueue("a", entry(1));
    queue.enqueue("a", entry(2));
    const stopped = queue.stop();
    await run(1_450);
    expect(store.closed).toBe(false);
    await run(100);
    await stopped;
    expect(store.ids).toEqual(["c1", "c2"]);
    expect(receiver.aborted).toEqual(["c1"]);
  });

  test("does not wait for a receiver that is away", async () => {
    const { queue, receiver, store, run } = queueWorld();
    receiver.answer = RETRY;
    queue.enqueue("a", entry(1));
    await run(0);
    await queue.stop();
    expect(store.ids).toEqual(["c1"]);
  });
});
