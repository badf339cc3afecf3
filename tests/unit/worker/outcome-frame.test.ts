/** Records in frames: layout, epochs, and when a frame leaves. */

import { describe, expect, test } from "bun:test";
import {
  FRAME,
  HEADER_SIZE,
  OUTCOME_AT,
  OUTCOME_SIZE,
  OUTCOMES_MAX,
  readHeader,
  viewOf,
} from "../../../agent/wire/frame.ts";
import { HOLD_US, OutcomeFrame } from "../../../agent/worker/outcome-frame.ts";
import type { Outcome } from "../../../agent/worker/tracker.ts";

const OUTCOME: Outcome = {
  series: 70_000,
  kind: 4,
  flags: 6,
  code: 0x0301,
  seq: 0xffff_fffe,
  rttUs: 12_345.678,
  sentUs: 9e12 + 0.5,
  wasOverdue: false,
  forwardUs: -1_234,
};

function setUp() {
  const frames: Uint8Array[] = [];
  const counts: number[] = [];
  const frame = new OutcomeFrame(7, (bytes, octets, records) => {
    frames.push(bytes.slice(0, octets));
    counts.push(records);
  });
  return { frame, frames, counts };
}

describe("OutcomeFrame", () => {
  test("record() writes the fields of the contract", () => {
    const { frame, frames } = setUp();
    frame.setTable(3, 0);
    frame.record({ ...OUTCOME, series: 1 });
    frame.record(OUTCOME);
    frame.offer(0);
    const [bytes = new Uint8Array()] = frames;
    expect(readHeader(bytes)).toMatchObject({
      type: FRAME.outcomes,
      generation: 7,
      count: 2,
      aux: 3,
    });
    expect(bytes.byteLength).toBe(HEADER_SIZE + 2 * OUTCOME_SIZE);
    const at = HEADER_SIZE + OUTCOME_SIZE;
    const view = viewOf(bytes);
    expect(view.getUint32(at + OUTCOME_AT.series, true)).toBe(70_000);
    expect(view.getUint8(at + OUTCOME_AT.kind)).toBe(4);
    expect(view.getUint8(at + OUTCOME_AT.flags)).toBe(6);
    expect(view.getUint16(at + OUTCOME_AT.code, true)).toBe(0x0301);
    expect(view.getUint32(at + OUTCOME_AT.seq, true)).toBe(0xffff_fffe);
    expect(view.getFloat64(at + OUTCOME_AT.rttUs, true)).toBe(12_345.678);
    expect(view.getFloat64(at + OUTCOME_AT.sentUs, true)).toBe(9e12 + 0.5);
  });

  test("offer() sends few outcomes at once and then holds for 10 ms", () => {
    const { frame, counts } = setUp();
    frame.record(OUTCOME);
    expect(frame.waitUs(0)).toBe(0);
    frame.offer(0);
    frame.record(OUTCOME);
    frame.record(OUTCOME);
    frame.offer(HOLD_US - 1);
    expect(counts).toEqual([1]);
    expect(frame.waitUs(HOLD_US - 1)).toBe(1);
    frame.offer(HOLD_US);
    expect(counts).toEqual([1, 2]);
  });

  test("offer() holds replies through a calm, and sends at once when something else comes", () => {
    const { frame, counts } = setUp();
    const reply = { ...OUTCOME, kind: 0 };
    frame.setTable(1, 500_000);
    frame.record(reply);
    frame.offer(0);
    frame.record(reply);
    frame.offer(499_999);
    expect(counts).toEqual([1]);
    expect(frame.waitUs(400_000)).toBe(100_000);
    frame.offer(500_000);
    expect(counts).toEqual([1, 1]);
    frame.record(reply);
    frame.record(OUTCOME);
    frame.offer(500_000 + HOLD_US);
    expect(counts).toEqual([1, 1, 2]);
  });

  test("without records nothing is sent and nothing is waited for", () => {
    const { frame, counts } = setUp();
    frame.offer(1e9);
    expect(counts).toEqual([]);
    expect(frame.waitUs(1e9)).toBe(Number.POSITIVE_INFINITY);
  });

  test("a full frame leaves by itself", () => {
    const { frame, counts } = setUp();
    for (let i = 0; i < OUTCOMES_MAX + 1; i++) frame.record(OUTCOME);
    expect(counts).toEqual([OUTCOMES_MAX]);
  });

  test("setTable() sends what belongs to the table before under its number", () => {
    const { frame, frames } = setUp();
    frame.setTable(1, 0);
    frame.record(OUTCOME);
    frame.setTable(2, 0);
    frame.record(OUTCOME);
    frame.offer(0);
    expect(frames.map((bytes) => readHeader(bytes)?.aux)).toEqual([1, 2]);
  });
});
