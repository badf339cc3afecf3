/** Probe table rows with everything set, to be varied by tests. */

import type { TableRow } from "../../agent/wire/frame.ts";
import { PROBE_TYPE } from "../../agent/wire/frame.ts";

export function icmpRow(target: readonly number[], changes: Partial<TableRow> = {}): TableRow {
  return {
    path: 0,
    type: PROBE_TYPE.icmp,
    family: target.length === 16 ? 6 : 4,
    flags: 0,
    dscp: 0,
    ttl: 0,
    downAfter: 0,
    upAfter: 5,
    reliability: 1,
    port: 0,
    size: 16,
    fwmark: 0,
    scopeId: 0,
    intervalUs: 100_000,
    timeoutUs: 200_000,
    confirmIntervalUs: 100_000,
    silenceUs: 800_000,
    target: Uint8Array.from(target),
    source: null,
    device: null,
    phase: 0,
    ...changes,
  };
}

export function udpRow(
  target: readonly number[],
  port: number,
  changes: Partial<TableRow> = {},
): TableRow {
  return icmpRow(target, { type: PROBE_TYPE.udp, port, ...changes });
}
