/** Which probes may share a socket. */

import { describe, expect, test } from "bun:test";
import { specKey, specOf, specText } from "../../../../agent/worker/sockets/spec.ts";
import { icmpRow, udpRow } from "../../../support/table-rows.ts";

const TARGET = [192, 0, 2, 1];
const key = (row: Parameters<typeof specOf>[0]) => specKey(specOf(row));

describe("specKey()", () => {
  test("rows that differ in target, pace and size share a socket", () => {
    const other = icmpRow([192, 0, 2, 2], { size: 999, intervalUs: 5, timeoutUs: 7, path: 3 });
    expect(key(other)).toBe(key(icmpRow(TARGET)));
  });

  test.each([
    ["device", { device: "eth1" }],
    ["source", { source: Uint8Array.of(192, 0, 2, 9) }],
    ["mark", { fwmark: 1 }],
    ["DSCP", { dscp: 46 }],
    ["TTL", { ttl: 3 }],
  ])("rows that differ in %s do not", (_name, changes) => {
    expect(key(icmpRow(TARGET, changes))).not.toBe(key(icmpRow(TARGET)));
  });

  test("types and families do not share", () => {
    const keys = [icmpRow(TARGET), udpRow(TARGET, 7), icmpRow(new Array(16).fill(1))].map(key);
    expect(new Set(keys).size).toBe(3);
  });
});

test("specText() names type, family and device", () => {
  expect(specText(specOf(icmpRow(TARGET, { device: "eth1" })))).toBe("ICMP over IPv4 on eth1");
  expect(specText(specOf(udpRow(TARGET, 7)))).toBe("UDP over IPv4");
});
