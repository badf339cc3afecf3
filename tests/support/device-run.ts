/**
 * Run inside a namespace: probes through a device that goes down, disappears and comes back under
 * another index, and prints what each phase looked like as JSON. argv: name of the far namespace.
 */

import { ProbeRun } from "./probe-run.ts";
import { icmpRow, udpRow } from "./table-rows.ts";

const [far = ""] = process.argv.slice(2);
const PHASE_MS = 400;
/** A closed device is tried again once per second. */
const RETURN_MS = 2_500;

function ip(...args: readonly string[]): void {
  const { exitCode, stderr } = Bun.spawnSync(["ip", ...args]);
  if (exitCode !== 0) throw new Error(`ip ${args.join(" ")}: ${stderr.toString()}`);
}

function plug(): void {
  ip("link", "add", "pat0", "type", "veth", "peer", "pat1", "netns", far);
  ip("addr", "add", "10.158.1.1/30", "dev", "pat0");
  ip("-n", far, "addr", "add", "10.158.1.2/30", "dev", "pat1");
  ip("link", "set", "pat0", "up");
  ip("-n", far, "link", "set", "pat1", "up");
}

const pace = { intervalUs: 40_000, timeoutUs: 5_000_000, device: "pat0", dscp: 46, ttl: 7 };
plug();
const run = new ProbeRun([
  icmpRow([10, 158, 1, 2], pace),
  udpRow([10, 158, 1, 2], 39_001, { ...pace, flags: 1 }),
]);

function phase(ms: number): Record<string, number>[] {
  run.outcomes.length = 0;
  run.run(ms);
  return [0, 1].map((series) => ({ ...run.counts(series) }));
}

const up = phase(PHASE_MS);
ip("link", "set", "pat0", "down");
const down = phase(PHASE_MS);
ip("link", "set", "pat0", "up");
const upAgain = phase(RETURN_MS);
ip("link", "del", "pat0");
const gone = phase(PHASE_MS);
plug();
phase(RETURN_MS);
const back = phase(PHASE_MS);
process.stdout.write(JSON.stringify({ up, down, upAgain, gone, back }));
