import { describe, expect, test } from "bun:test";
import type { TableRow } from "../../../agent/wire/frame.ts";
import {
  decodeJson,
  decodeTable,
  encodeJson,
  encodeSignal,
  encodeTable,
  encodeText,
  FRAME,
  FRAME_MAX,
  HEADER_SIZE,
  OUTCOME_SIZE,
  OUTCOMES_MAX,
  readHeader,
  TABLE_ROWS_MAX,
} from "../../../agent/wire/frame.ts";

const ROW: TableRow = {
  path: 3,
  type: 1,
  family: 6,
  flags: 3,
  dscp: 46,
  ttl: 12,
  downAfter: 4,
  upAfter: 5,
  reliability: 2,
  port: 65_535,
  size: 1_400,
  fwmark: 0xdeadbeef,
  scopeId: 7,
  intervalUs: 2_000_000,
  timeoutUs: 1_000_000.5,
  confirmIntervalUs: 100_000,
  silenceUs: 800_000,
  target: Uint8Array.from({ length: 16 }, (_, i) => i + 1),
  source: Uint8Array.from({ length: 16 }, (_, i) => 200 + i),
  device: "wan-fifteen-chr",
  phase: 0.618,
};

function headerOf(frame: Uint8Array) {
  const header = readHeader(frame);
  if (header === null) throw new Error("not a frame");
  return header;
}

describe("table frames", () => {
  test("decodeTable() gives back every field of encodeTable()", () => {
    const [frame] = encodeTable(9, 4, [ROW]);
    expect(frame).toBeDefined();
    if (frame === undefined) return;
    const header = headerOf(frame);
    expect(header).toMatchObject({ type: FRAME.table, generation: 4, count: 1, aux: 9 });
    expect(decodeTable(frame, header)).toEqual([ROW]);
  });

  test("decodeTable() reads an IPv4 row without source and device", () => {
    const row: TableRow = {
      ...ROW,
      family: 4,
      target: Uint8Array.of(192, 0, 2, 1),
      source: null,
      device: null,
    };
    const [frame = new Uint8Array()] = encodeTable(1, 1, [row]);
    expect(decodeTable(frame, headerOf(frame))).toEqual([row]);
  });

  test("encodeTable() splits 10,000 rows into numbered frames that fit", () => {
    const rows = Array.from({ length: 10_000 }, (_, path) => ({ ...ROW, path }));
    const frames = encodeTable(1, 1, rows);
    expect(frames.every((frame) => frame.byteLength <= FRAME_MAX)).toBe(true);
    const parts = frames.map((frame) => headerOf(frame).aux2);
    expect(parts).toEqual(frames.map((_, part) => part | (frames.length << 16)));
    const decoded = frames.flatMap((frame) => decodeTable(frame, headerOf(frame)) ?? []);
    expect(decoded.map((row) => row.path)).toEqual(rows.map((row) => row.path));
  });

  test("encodeTable() of no rows is one empty part", () => {
    const frames = encodeTable(1, 1, []);
    expect(frames.map((frame) => headerOf(frame).count)).toEqual([0]);
  });

  test("decodeTable() refuses a frame whose length does not fit its count", () => {
    const [frame = new Uint8Array()] = encodeTable(1, 1, [ROW, ROW]);
    const header = headerOf(frame);
    expect(decodeTable(frame.subarray(0, frame.byteLength - 1), header)).toBeNull();
    expect(decodeTable(frame, { ...header, count: 3 })).toBeNull();
  });
});

describe("frames", () => {
  test("readHeader() refuses what is short or not ours", () => {
    const frame = encodeSignal(FRAME.stop, 1);
    expect(readHeader(frame)?.type).toBe(FRAME.stop);
    expect(readHeader(frame.subarray(0, HEADER_SIZE - 1))).toBeNull();
    expect(readHeader(frame.map((octet, i) => (i === 0 ? octet ^ 1 : octet)))).toBeNull();
  });

  test("a frame of a full batch of outcomes fits", () => {
    expect(HEADER_SIZE + OUTCOMES_MAX * OUTCOME_SIZE).toBeLessThanOrEqual(FRAME_MAX);
    expect(TABLE_ROWS_MAX).toBeGreaterThan(200);
  });

  test("decodeJson() gives back the body, undefined for garbage", () => {
    const frame = encodeJson(FRAME.pong, 2, { last_work_us: 1.5 }, 77);
    expect(headerOf(frame)).toMatchObject({ generation: 2, aux: 77 });
    expect(decodeJson(frame)).toEqual({ last_work_us: 1.5 });
    expect(decodeJson(frame.subarray(0, frame.byteLength - 1))).toBeUndefined();
  });

  test("encodeJson() refuses a body that does not fit one frame", () => {
    expect(() => encodeJson(FRAME.pong, 0, "x".repeat(FRAME_MAX))).toThrow("cannot encode frame");
  });

  test("encodeText() splits a long text without loss", () => {
    const text = "grün ".repeat(20_000);
    const frames = encodeText(FRAME.config, text);
    expect(frames.length).toBeGreaterThan(2);
    const bytes = Buffer.concat(frames.map((frame) => frame.subarray(HEADER_SIZE)));
    expect(bytes.toString("utf8")).toBe(text);
  });
});
