import { describe, expect, test } from "bun:test";
import { FRAME, readHeader } from "../../../agent/wire/frame.ts";
import { decodeVerdicts, encodeVerdict, VERDICT } from "../../../agent/wire/verdict.ts";

const RECORD = { index: 70_000, kind: VERDICT.down, sinceUs: 9e12 + 0.5, atUs: 9e12 + 800_000 };

describe("verdict frame", () => {
  test("decodeVerdicts() gives back what encodeVerdict() wrote", () => {
    const frame = encodeVerdict(41, 7, RECORD);
    const header = readHeader(frame);
    expect(header).toMatchObject({ type: FRAME.verdict, generation: 7, count: 1, aux: 41 });
    expect(header === null ? null : decodeVerdicts(frame, header)).toEqual([RECORD]);
  });

  test("decodeVerdicts() refuses a length that does not fit the count", () => {
    const frame = encodeVerdict(41, 7, RECORD);
    const header = readHeader(frame);
    if (header === null) throw new Error("no header");
    expect(decodeVerdicts(frame.subarray(0, frame.length - 1), header)).toBeNull();
    expect(decodeVerdicts(frame, { ...header, count: 2 })).toBeNull();
  });
});
