/**
 * Probes at a steady rate for a while and prints what it cost as JSON. argv: probes per second,
 * series, seconds. The first seconds warm the compiler up and are not counted.
 */

import { readFileSync } from "node:fs";
import { monotonicNow } from "../../agent/worker/libc.ts";
import { openProbeLoop } from "../../agent/worker/probe-loop.ts";
import { icmpRow } from "./table-rows.ts";

const [rate = 10_000, series = 1_000, seconds = 5] = process.argv.slice(2).map(Number);
const WARM_UP_S = 4;

/** Of the process since its start, us; the runtime's own threads included. */
function cpuUs(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

function anonymousKb(): number {
  const text = readFileSync("/proc/self/smaps_rollup", "utf8");
  return Number(/^Pss_Anon:\s+(\d+)/m.exec(text)?.[1] ?? 0);
}

const rows = Array.from({ length: series }, (_, i) =>
  icmpRow([127, 0, 1 + (Math.floor(i / 250) % 250), 1 + (i % 250)], {
    path: i,
    downAfter: 4,
    intervalUs: (1e6 * series) / rate,
    timeoutUs: 1_000_000,
    phase: (i * 0.6180339887498949) % 1,
  }),
);
const counts = new Array<number>(10).fill(0);
const loop = openProbeLoop({
  rows,
  seed: 1,
  sink: {
    record: ({ kind }) => {
      counts[kind] = (counts[kind] ?? 0) + 1;
    },
    verdict: () => {},
    stalled: () => {},
  },
});

function run(s: number): void {
  const end = monotonicNow() + s * 1e6;
  while (monotonicNow() < end) loop.turn(end - monotonicNow());
}

run(WARM_UP_S);
const before = { cpu: cpuUs(), counters: loop.counters(), at: monotonicNow() };
run(seconds);
const after = { cpu: cpuUs(), counters: loop.counters(), at: monotonicNow() };
const sent = after.counters.sent - before.counters.sent;
process.stdout.write(
  JSON.stringify({
    rate: (sent * 1e6) / (after.at - before.at),
    cpuUsPerProbe: (after.cpu - before.cpu) / sent,
    skipped: after.counters.sends_skipped - before.counters.sends_skipped,
    // Replied is kind 0; everything else would be of our own making on loopback.
    notReplied: counts.slice(1).reduce((sum, count) => sum + count, 0),
    stalls: after.counters.stalls,
    anonymousKb: anonymousKb(),
  }),
);
