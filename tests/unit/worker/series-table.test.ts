/** Rows as columns: bounds, linger, addresses and the checksum that packets share. */

import { describe, expect, test } from "bun:test";
import { SeriesTable } from "../../../agent/worker/series-table.ts";
import { icmpRow, udpRow } from "../../support/table-rows.ts";

const TARGET = [192, 0, 2, 1];

describe("SeriesTable", () => {
  test.each([
    [100_000, 3_000_000],
    [1_000_000, 5_000_000],
    [2_500_000, 10_000_000],
  ])("a timeout of %p us lingers for %p us", (timeoutUs, lingerUs) => {
    expect(new SeriesTable([icmpRow(TARGET, { timeoutUs })]).lingerUs[0]).toBe(lingerUs);
  });

  test("nonsense from a table is bounded", () => {
    const rows = [
      icmpRow(TARGET, { intervalUs: 1, timeoutUs: Number.NaN, phase: 7 }),
      icmpRow(TARGET, { intervalUs: Number.NaN }),
      icmpRow(TARGET, { intervalUs: -5 }),
      icmpRow(TARGET, { type: 0 }),
      icmpRow(TARGET, { timeoutUs: 1e15 }),
    ];
    const table = new SeriesTable(rows);
    expect([...table.intervalUs]).toEqual([1_000, 0, 0, 0, 100_000]);
    expect([table.timeoutUs[0], table.phase[0], table.timeoutUs[4]]).toEqual([1_000, 0, 60e6]);
  });

  test("rate and unresolvedMax add up over the series", () => {
    const rows = [
      icmpRow(TARGET, { intervalUs: 100_000, timeoutUs: 1_000_000 }),
      icmpRow(TARGET, { intervalUs: 1_000_000, timeoutUs: 1_000_000 }),
      icmpRow(TARGET, { type: 0 }),
    ];
    const table = new SeriesTable(rows);
    expect(table.rate).toBeCloseTo(11, 9);
    expect(table.unresolvedMax).toBeCloseTo(66, 9);
  });

  test("addresses are sockaddrs in slots of 32 octets, ICMP without port", () => {
    const v6 = [0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1];
    const table = new SeriesTable([udpRow(TARGET, 7), icmpRow(v6, { port: 99, scopeId: 2 })]);
    expect([...table.addressOctets]).toEqual([16, 28]);
    expect(table.addresses.subarray(0, 8).toHex()).toBe("02000007c0000201");
    expect(table.addresses.subarray(32, 60).toHex()).toBe(
      "0a0000000000000020010db800000000000000000000000102000000",
    );
  });

  test("an empty table has no rate and no timeout", () => {
    const table = new SeriesTable([]);
    expect([table.rate, table.unresolvedMax, table.sizeMax]).toEqual([0, 0, 0]);
    expect(table.timeoutMinUs).toBe(Number.POSITIVE_INFINITY);
  });
});
