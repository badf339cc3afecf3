/** RFC 1071 against its own worked example and a byte-wise reference. */

import { describe, expect, test } from "bun:test";
import { foldSum, sumOctets, sumWord } from "../../../agent/wire/checksum.ts";
import { seededRandom } from "../../../agent/worker/prng.ts";

/** Big-endian, octet by octet, as the RFC writes it down. */
function reference(octets: Uint8Array): number {
  let sum = 0;
  for (const [i, octet] of octets.entries()) sum += i % 2 === 0 ? octet << 8 : octet;
  while (sum > 0xffff) sum = (sum & 0xffff) + Math.floor(sum / 0x10000);
  return sum;
}

function folded(octets: Uint8Array): number {
  const padded = new Uint8Array((octets.byteLength + 1) & ~1);
  padded.set(octets);
  const halves = new Uint16Array(padded.buffer);
  return foldSum(sumOctets(padded, halves, 0, octets.byteLength));
}

function swapped(value: number): number {
  return ((value & 0xff) << 8) | (value >>> 8);
}

describe("checksum", () => {
  test("foldSum(sumOctets()) gives the example of RFC 1071 section 3", () => {
    const octets = Uint8Array.from([0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7]);
    expect(swapped(folded(octets))).toBe(0xddf2);
  });

  test("an odd last octet counts as if a zero followed", () => {
    expect(swapped(folded(Uint8Array.from([1, 2, 3])))).toBe(0x0402);
  });

  test("random packets of every length agree with the octet-wise sum", () => {
    const random = seededRandom(5);
    for (let length = 0; length < 1_500; length += 7) {
      const octets = Uint8Array.from({ length }, () => random() * 256);
      expect(swapped(folded(octets))).toBe(reference(octets));
    }
  });

  test("64 KiB of ones do not overflow the fold", () => {
    expect(folded(new Uint8Array(65_534).fill(0xff))).toBe(0xffff);
  });

  test("sumWord() adds both halves, also of negative words", () => {
    expect(sumWord(0x0001_0002)).toBe(3);
    expect(sumWord(-1)).toBe(0x1fffe);
  });
});
