/**
 * Telemetry with its queue as a process that a test kills: `bun telemetry-agent.ts FOLDER URL FIRST
 * INTERVAL_MS`. Every collection carries its number (the failover count); the number is printed
 * once the queue has it. On a line of stdin it prints how late its timer was at most since start,
 * as probing would have been, then stops.
 */

import { writeSync } from "node:fs";
import { join } from "node:path";
import type { DurableQueue } from "../../agent/controller/queue/ports.ts";
import { openQueue } from "../../agent/controller/telemetry/lazy-telemetry.ts";
import { createClock, createTimers } from "../../agent/io/clock.ts";
import { Telemetry } from "../../agent/io/telemetry/telemetry.ts";
import { FakeLog } from "./fake-log.ts";
import { NODE, otlpConfig, otlpDestination, telemetrySource } from "./telemetry.ts";

export const REPLAY_PER_SEC = 200;
const TICK_MS = 5;

async function main(folder: string, url: string, first: number, intervalMs: number): Promise<void> {
  const clock = createClock();
  const basics = { clock, timers: createTimers(clock), log: new FakeLog() };
  const file = { path: join(folder, "queue.db"), maxBytes: 1 << 24 };
  const queue = await openQueue({ ...basics, isClockTrusted: () => true }, file);
  let number = first - 1;
  const telling: DurableQueue = {
    open: (destination) => queue.open(destination),
    enqueue(destination, entry) {
      queue.enqueue(destination, entry);
      writeSync(1, `${number}\n`);
    },
    has: (destination, id) => queue.has(destination, id),
    nudge: () => queue.nudge(),
    state: () => queue.state(),
    deadLetters: () => queue.deadLetters(),
    stop: () => queue.stop(),
  };
  const source = telemetrySource(10);
  const [policy] = source.policies();
  if (policy === undefined) throw new Error("no policy");
  const numbered = { ...source, policies: () => [{ ...policy, failovers: ++number }] };
  const destination = otlpDestination({ metrics_url: `${url}/v1/metrics`, timeout_ms: 2_000 });
  const otlp = otlpConfig([destination], { replay_per_sec: REPLAY_PER_SEC });
  const parts = { ...basics, queue: telling, source: numbered, isClockSane: () => true };
  const telemetry = new Telemetry({ otlp, node: NODE, intervalMs }, parts);
  let late = 0;
  let due = performance.now() + TICK_MS;
  setInterval(() => {
    late = Math.max(late, performance.now() - due);
    due = performance.now() + TICK_MS;
  }, TICK_MS);
  for await (const _ of console) {
    writeSync(1, `late ${Math.round(late)}\n`);
    await telemetry.stop();
    await queue.stop();
    process.exit(0);
  }
}

const [folder = "", url = "", first = "1", interval = "10"] = process.argv.slice(2);
if (import.meta.main) await main(folder, url, Number(first), Number(interval));
