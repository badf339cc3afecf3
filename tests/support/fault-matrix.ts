/**
 * Run inside a namespace: probes one loopback address per fault of the responder and prints the
 * outcome counts of each as JSON. argv: milliseconds to run.
 */

import { monotonicNow } from "../../agent/worker/libc.ts";
import { FAULT, FAULT_NET, IcmpResponder } from "./icmp-responder.ts";
import { ProbeRun } from "./probe-run.ts";
import { icmpRow } from "./table-rows.ts";

/** Sends per series: ten, then only waiting. */
const PROBES = 10;
const INTERVAL_US = 40_000;

const names = Object.keys(FAULT);
const rows = Object.values(FAULT).map((octet, i) =>
  icmpRow([127, 0, FAULT_NET, octet], {
    intervalUs: INTERVAL_US,
    timeoutUs: 500_000,
    phase: i / names.length,
    size: 24,
    source: Uint8Array.of(127, 0, 0, 1),
  }),
);
const run = new ProbeRun(rows);
const responder = new IcmpResponder();
responder.attach(run.loop);
const end = monotonicNow() + Number(process.argv[2] ?? 1_000) * 1_000;
while (monotonicNow() < end) {
  responder.release(run.loop.turn(5_000));
}
const results = Object.fromEntries(
  names.map((name, i) => {
    const first = run.of(i).filter(({ seq }) => seq < PROBES);
    const counts: Record<string, number> = {};
    for (const { kind } of first) counts[kind] = (counts[kind] ?? 0) + 1;
    const codes = [...new Set(first.map(({ code }) => code))];
    const rtts = first.filter(({ kind }) => kind === "replied" || kind === "late");
    return [name, { counts, codes, rttMaxUs: Math.max(0, ...rtts.map(({ rttUs }) => rttUs)) }];
  }),
);
process.stdout.write(
  JSON.stringify({
    results,
    counters: run.loop.counters(),
    abilities: run.loop.abilities(),
  }),
);
