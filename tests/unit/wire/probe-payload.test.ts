/** The payload's pattern and its bounds. */

import { expect, test } from "bun:test";
import { PAYLOAD_MAX, patternOf, payloadOctets } from "../../../agent/wire/probe-payload.ts";

test("patternOf() counts octets and pads with zeros to whole words", () => {
  expect([...patternOf(10)]).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 0, 0, 0, 0, 0]);
  expect(patternOf(300)[256]).toBe(0);
  expect(patternOf(300)[299]).toBe(43);
});

test.each([
  [0, false, 8],
  [7, false, 8],
  [9, false, 9],
  [8, true, 16],
  [17, true, 17],
  [65_535, true, PAYLOAD_MAX],
] as const)("payloadOctets(%p, %p) is %p", (size, isUdp, octets) => {
  expect(payloadOctets(size, isUdp)).toBe(octets);
});
