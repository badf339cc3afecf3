/**
 * One series, many probes; prints the RTT of each in order as JSON. argv: target, count, interval
 * in ms, "stall" to block for 80 ms twice a second as a busy event loop would.
 */

import { parseAddress } from "../../agent/domain/address.ts";
import { monotonicNow } from "../../agent/worker/libc.ts";
import { ProbeRun } from "./probe-run.ts";
import { icmpRow } from "./table-rows.ts";

const [target = "127.0.0.1", count = "500", intervalMs = "10", stall = ""] = process.argv.slice(2);
const STALL_US = 80_000;
const STALL_EVERY_US = 500_000;

const address = parseAddress(target);
if (address === null) throw new Error(`not an address: ${target}`);
const intervalUs = Number(intervalMs) * 1_000;
const run = new ProbeRun([icmpRow([...address.bytes], { intervalUs, timeoutUs: 1_000_000 })]);
let nextStall = monotonicNow() + STALL_EVERY_US;
while (run.outcomes.length < Number(count)) {
  run.loop.turn(intervalUs);
  if (stall !== "stall" || monotonicNow() < nextStall) continue;
  nextStall = (nextStall + STALL_EVERY_US) as typeof nextStall;
  const end = monotonicNow() + STALL_US;
  while (monotonicNow() < end);
}
process.stdout.write(JSON.stringify(run.outcomes));
