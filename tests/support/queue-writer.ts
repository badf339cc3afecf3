/**
 * A process that fills a queue's file until it is killed: `bun queue-writer.ts PATH FIRST`. Every
 * delivery fails, so each entry must be in the file once its number has been printed.
 */

import { writeSync } from "node:fs";
import { OutboundQueue } from "../../agent/controller/queue/queue.ts";
import { createClock, createTimers } from "../../agent/io/clock.ts";
import { QueueFile } from "../../agent/io/store/queue/queue-file.ts";
import { FakeLog } from "./fake-log.ts";
import { entry, LIMITS } from "./fake-queue.ts";

async function main(path: string, first: number): Promise<void> {
  const clock = createClock();
  const queue = new OutboundQueue({
    clock,
    timers: createTimers(clock),
    log: new FakeLog(),
    store: new QueueFile({ path, maxBytes: 1 << 24, clock }),
    random: () => 0.5,
    isClockTrusted: () => false,
  });
  const send = () =>
    Promise.resolve({ kind: "retry", afterMs: null, reason: "the receiver is away" } as const);
  queue.open({ name: "a", send, limits: { ...LIMITS, maxBytes: 1 << 24 } });
  for (let n = first; ; n++) {
    queue.enqueue("a", entry(n, { body: new Uint8Array(1_000).fill(n % 251) }));
    await new Promise((resolve) => setImmediate(resolve));
    if (queue.state().destinations[0]?.stored_items !== n) throw new Error("not stored");
    writeSync(1, `${n}\n`);
  }
}

await main(process.argv[2] ?? "", Number(process.argv[3]));
