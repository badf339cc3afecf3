/** Parts of a table in any order make one table, or none. */

import { describe, expect, test } from "bun:test";
import { encodeTable, readHeader, TABLE_ROWS_MAX } from "../../../agent/wire/frame.ts";
import type { ProbeTable } from "../../../agent/worker/table-assembly.ts";
import { TableAssembly } from "../../../agent/worker/table-assembly.ts";
import { icmpRow } from "../../support/table-rows.ts";

const ROWS = Array.from({ length: TABLE_ROWS_MAX * 2 + 5 }, (_, path) =>
  icmpRow([192, 0, 2, path & 255], { path }),
);

function feed(assembly: TableAssembly, frame: Uint8Array): ProbeTable | null {
  const header = readHeader(frame);
  return header === null ? null : assembly.take(frame, header);
}

describe("TableAssembly", () => {
  test("take() gives the table with the last part, whatever the order", () => {
    for (const order of [
      [0, 1, 2],
      [2, 0, 1],
      [1, 1, 0, 2],
    ]) {
      const frames = encodeTable(4, 1, ROWS);
      const assembly = new TableAssembly();
      const tables = order.map((part) => feed(assembly, frames[part] ?? new Uint8Array()));
      expect(tables.slice(0, -1).every((table) => table === null)).toBe(true);
      expect(tables.at(-1)?.epoch).toBe(4);
      expect(tables.at(-1)?.rows.map(({ path }) => path)).toEqual(ROWS.map(({ path }) => path));
    }
  });

  test("an empty table is a table", () => {
    const [frame = new Uint8Array()] = encodeTable(9, 1, []);
    expect(feed(new TableAssembly(), frame)).toEqual({ epoch: 9, rows: [] });
  });

  test("parts of two epochs are never mixed", () => {
    const assembly = new TableAssembly();
    const [a, b, c] = encodeTable(1, 1, ROWS);
    const [d, e, f] = encodeTable(2, 1, ROWS);
    const none = new Uint8Array();
    expect([a, b, d].map((frame) => feed(assembly, frame ?? none))).toEqual([null, null, null]);
    expect([c, e, f].map((frame) => feed(assembly, frame ?? none))).toEqual([null, null, null]);
    expect(feed(assembly, d ?? none)?.epoch).toBe(2);
  });

  test("a part with a wrong length or a number beyond the parts is dropped", () => {
    const assembly = new TableAssembly();
    const [frame = new Uint8Array()] = encodeTable(1, 1, [icmpRow([192, 0, 2, 1])]);
    expect(feed(assembly, frame.subarray(0, frame.byteLength - 1))).toBeNull();
    const header = readHeader(frame);
    if (header === null) throw new Error("no header");
    expect(assembly.take(frame, { ...header, aux2: 1 | (1 << 16) })).toBeNull();
    expect(assembly.take(frame, { ...header, aux2: 0 })).toBeNull();
  });
});
