/** The reflector inside a worker process: ordered over the control pair, counted, reordered. */

import { afterEach, describe, expect, test } from "bun:test";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import type { ReflectorOrder } from "../../agent/domain/reflector.ts";
import type { WorkerAbilities, WorkerCounters } from "../../agent/wire/frame.ts";
import { decodeJson, encodeJson, encodeSignal, FRAME, TABLE_FLAG } from "../../agent/wire/frame.ts";
import { reflectorOrder } from "../support/reflector-run.ts";
import { replyFields, requestOctets } from "../support/stamp-packets.ts";
import { udpRow } from "../support/table-rows.ts";
import { WorkerProcess } from "../support/worker-process.ts";

const PORT = 38_962;
const NONE = new Uint8Array();

const started: WorkerProcess[] = [];
async function start(order: ReflectorOrder | null): Promise<WorkerProcess> {
  const worker = new WorkerProcess();
  started.push(worker);
  await worker.hello();
  obey(worker, order);
  return worker;
}
afterEach(async () => {
  for (const worker of started.splice(0)) await worker.sweep();
});

function obey(worker: WorkerProcess, order: ReflectorOrder | null): void {
  worker.sendControl(encodeJson(FRAME.reflector, 0, order));
}

async function ping(worker: WorkerProcess, sequence: number): Promise<WorkerCounters> {
  const before = worker.ofType(FRAME.counters).length;
  worker.sendControl(encodeSignal(FRAME.ping, 7, sequence));
  await worker.until("counters", () => worker.ofType(FRAME.counters).length > before);
  return decodeJson(worker.ofType(FRAME.counters).at(-1)?.bytes ?? NONE) as WorkerCounters;
}

function problems(worker: WorkerProcess): readonly string[] {
  const frame = worker.ofType(FRAME.abilities).at(-1);
  return frame === undefined ? [] : (decodeJson(frame.bytes) as WorkerAbilities).problems;
}

/** Asks until it is answered: the worker may not have read its order yet. */
async function ask(port: number): Promise<Uint8Array> {
  const socket = createSocket("udp4");
  const answer = once(socket, "message");
  const again = setInterval(() => socket.send(requestOctets(), port, "127.0.0.1"), 20);
  try {
    const [bytes] = await answer;
    return Uint8Array.from(bytes);
  } finally {
    clearInterval(again);
    socket.close();
  }
}

describe("worker process with a reflector", () => {
  test("answers beside its probes, and counts", async () => {
    const worker = await start(reflectorOrder(`127.0.0.1:${PORT}`));
    const flags = TABLE_FLAG.acceptUnreachable;
    await worker.table(1, [udpRow([127, 0, 0, 1], 39_021, { intervalUs: 20_000, flags })]);
    const reply = replyFields(await ask(PORT));
    expect(reply).toMatchObject({ senderSeq: 7, senderTtl: 64, ssid: 0x1234 });
    const { reflector } = await ping(worker, 1);
    expect(reflector?.reflected).toBeGreaterThan(0);
    await worker.until("outcomes", () => worker.outcomeKinds(1).length > 3);
  });

  test("counts nothing without one", async () => {
    const worker = await start(null);
    expect((await ping(worker, 1)).reflector).toBeNull();
  });

  test("a port that is taken is a problem, until it is free", async () => {
    const first = await start(reflectorOrder(`127.0.0.1:${PORT}`));
    await ask(PORT);
    const second = await start(reflectorOrder(`127.0.0.1:${PORT}`));
    await second.until("problem", () => problems(second).length > 0);
    expect(problems(second)[0]).toContain(`does not listen on 127.0.0.1:${PORT}: address already`);
    obey(first, null);
    expect((await ping(first, 1)).reflector).toBeNull();
    await ping(second, 2);
    await second.until("no problem", () => problems(second).length === 0);
    expect(replyFields(await ask(PORT)).senderSeq).toBe(7);
  });

  test("moves to another port a hundred times and still serves its controller", async () => {
    const worker = await start(null);
    for (let i = 0; i < 100; i++) obey(worker, reflectorOrder(`127.0.0.1:${PORT + (i % 2)}`));
    expect(replyFields(await ask(PORT + 1)).senderSeq).toBe(7);
    const flags = TABLE_FLAG.acceptUnreachable;
    await worker.table(2, [udpRow([127, 0, 0, 1], 39_021, { intervalUs: 20_000, flags })]);
    await worker.until("outcomes", () => worker.outcomeKinds(2).length > 3);
  });
});
