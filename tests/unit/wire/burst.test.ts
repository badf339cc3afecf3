import { describe, expect, test } from "bun:test";
import { pathIndex } from "../../../agent/domain/ids.ts";
import { micros } from "../../../agent/domain/units.ts";
import type { Burst } from "../../../agent/wire/burst.ts";
import { BURST_PROBES_MAX, decodeBurst, encodeBurst } from "../../../agent/wire/burst.ts";
import { FRAME, readHeader } from "../../../agent/wire/frame.ts";

const BURST: Burst = { path: pathIndex(7), probes: 3, pace: micros(40_000), isCounted: false };

function read(burst: Burst, octets = 0): Burst | null {
  const frame = encodeBurst(11, 2, burst);
  const cut = frame.subarray(0, frame.byteLength - octets);
  const header = readHeader(frame);
  if (header === null) throw new Error("no header");
  expect(header).toMatchObject({ type: FRAME.burst, aux: 11, generation: 2 });
  return decodeBurst(cut, header);
}

describe("a burst frame", () => {
  test("says what it was given", () => {
    expect(read(BURST)).toEqual(BURST);
    expect(read({ ...BURST, isCounted: true })).toEqual({ ...BURST, isCounted: true });
  });

  test.each([
    { ...BURST, probes: 0 },
    { ...BURST, probes: BURST_PROBES_MAX + 1 },
    { ...BURST, pace: micros(9_999) },
    { ...BURST, pace: micros(Number.NaN) },
  ])("is refused out of bounds: %p", (burst) => {
    expect(read(burst)).toBeNull();
  });

  test("is refused cut short", () => {
    expect(read(BURST, 1)).toBeNull();
  });
});
