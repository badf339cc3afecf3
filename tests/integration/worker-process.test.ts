/** The worker as the supervisor starts it: pairs, signals, heartbeat, end. */

import { afterEach, describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { OUTCOME } from "../../agent/domain/outcome.ts";
import {
  decodeJson,
  encodeSignal,
  encodeTable,
  FRAME,
  TABLE_FLAG,
} from "../../agent/wire/frame.ts";
import { udpRow } from "../support/table-rows.ts";
import type { WorkerStart } from "../support/worker-process.ts";
import { WorkerProcess } from "../support/worker-process.ts";

const LOCAL = [127, 0, 0, 1];
const ALIVE = { intervalUs: 20_000, timeoutUs: 1_000_000, flags: TABLE_FLAG.acceptUnreachable };

const started: WorkerProcess[] = [];
function start(options: WorkerStart = {}): WorkerProcess {
  const worker = new WorkerProcess(options);
  started.push(worker);
  return worker;
}
afterEach(async () => {
  for (const worker of started.splice(0)) await worker.sweep();
});

describe("worker process", () => {
  test("says hello, what it can, and probes the table it gets", async () => {
    const worker = start();
    await worker.hello();
    const [hello] = worker.ofType(FRAME.hello);
    expect(hello?.header.generation).toBe(7);
    expect(decodeJson(hello?.bytes ?? new Uint8Array())).toMatchObject({
      role: "worker",
      pid: worker.process.pid,
    });
    await worker.until("abilities", () => worker.ofType(FRAME.abilities).length > 0);
    await worker.table(3, [udpRow(LOCAL, 39_011, ALIVE), udpRow(LOCAL, 39_012, ALIVE)]);
    expect(worker.ofType(FRAME.tableAck)[0]?.header).toMatchObject({ count: 2, generation: 7 });
    await worker.until("outcomes", () => worker.outcomeKinds(3).length >= 10);
    expect(new Set(worker.outcomeKinds(3))).toEqual(new Set([OUTCOME.replied]));
  });

  test("answers a ping with progress, and sends counters beside it", async () => {
    const worker = start();
    await worker.hello();
    await worker.table(1, [udpRow(LOCAL, 39_011, ALIVE)]);
    await worker.until("outcomes", () => worker.outcomeKinds(1).length >= 3);
    worker.sendControl(encodeSignal(FRAME.ping, 7, 42));
    await worker.until("pong", () => worker.ofType(FRAME.counters).length > 0);
    const [pong] = worker.ofType(FRAME.pong);
    expect(pong?.header.aux).toBe(42);
    const progress = decodeJson(pong?.bytes ?? new Uint8Array()) as { last_work_us: number };
    expect(progress.last_work_us).toBeGreaterThan(0);
    const [counters] = worker.ofType(FRAME.counters);
    const counts = decodeJson(counters?.bytes ?? new Uint8Array()) as Record<string, number>;
    expect(counts["sent"]).toBeGreaterThanOrEqual(3);
    expect(counts["received"]).toBeGreaterThanOrEqual(3);
    expect(counts["frames_held"]).toBe(0);
  });

  test("a table in parts is applied whole, one of another generation not at all", async () => {
    const worker = start();
    await worker.hello();
    const rows = Array.from({ length: 600 }, (_, i) =>
      udpRow([127, 0, 5, i & 255], 39_011, { ...ALIVE, intervalUs: 500_000, phase: i / 600 }),
    );
    for (const frame of encodeTable(8, 6, rows)) worker.sendData(frame);
    await worker.table(9, rows);
    expect(worker.ofType(FRAME.tableAck).map(({ header }) => [header.aux, header.count])).toEqual([
      [9, 600],
    ]);
    await worker.until("outcomes", () => worker.outcomeKinds(9).length >= 600);
    expect(worker.outcomeKinds(8)).toEqual([]);
  });

  test("a controller that does not read loses records, counted, never the worker", async () => {
    const worker = start();
    await worker.hello();
    const rows = Array.from({ length: 400 }, (_, i) =>
      udpRow([127, 0, 5, i & 255], 39_011, { ...ALIVE, intervalUs: 20_000, phase: i / 400 }),
    );
    await worker.table(1, rows);
    await Bun.sleep(2_500);
    worker.sendControl(encodeSignal(FRAME.ping, 7, 1));
    await worker.until("pong", () => worker.ofType(FRAME.counters).length > 0);
    const counters = worker.ofType(FRAME.counters).at(-1)?.bytes ?? new Uint8Array();
    const counts = decodeJson(counters) as Record<string, number>;
    expect(counts["frames_held"]).toBeGreaterThan(0);
    const read = worker.outcomeKinds(1).length;
    await worker.until("going on", () => worker.outcomeKinds(1).length > read);
  }, 15_000);

  test.each(["SIGHUP", "SIGINT", "SIGQUIT", "SIGUSR1", "SIGUSR2", "SIGTERM"] as const)(
    "%s does nothing",
    async (signal) => {
      const worker = start();
      await worker.hello();
      worker.process.kill(signal);
      worker.sendControl(encodeSignal(FRAME.ping, 7, 5));
      await worker.until("pong", () => worker.ofType(FRAME.pong).length > 0);
      expect(worker.process.exitCode).toBeNull();
    },
  );

  test("stop ends it with 0", async () => {
    const worker = start();
    await worker.hello();
    worker.sendControl(encodeSignal(FRAME.stop, 7));
    expect(await worker.process.exited).toBe(0);
  });

  test("EOF on the control pair ends it with 0", async () => {
    const worker = start();
    await worker.hello();
    worker.closeControl();
    expect(await worker.process.exited).toBe(0);
  });

  test("a parent that is not the one of its arguments ends it at once", async () => {
    const worker = start({ parentPid: 1 });
    expect(await worker.process.exited).toBe(2);
    expect(worker.controlFrames).toEqual([]);
  });

  test("the process itself ignores every signal that asks it to end", async () => {
    const worker = start();
    await worker.hello();
    const status = readFileSync(`/proc/${worker.process.pid}/status`, "utf8");
    // Ignored: 1, 2, 3, 10, 12, 15.
    const ignored = BigInt(`0x${/^SigIgn:\t(\w+)/m.exec(status)?.[1] ?? "0"}`);
    for (const signal of [1, 2, 3, 10, 12, 15]) {
      expect((ignored >> BigInt(signal - 1)) & 1n).toBe(1n);
    }
  });

  test("--echo answers on loopback inside the same process", async () => {
    const worker = start({ extra: ["--echo=127.0.0.1:39713"] });
    await worker.hello();
    await worker.table(1, [udpRow(LOCAL, 39_713, { ...ALIVE, flags: 0 })]);
    await worker.until("outcomes", () => worker.outcomeKinds(1).length >= 5);
    expect(new Set(worker.outcomeKinds(1))).toEqual(new Set([OUTCOME.replied]));
  });
});
