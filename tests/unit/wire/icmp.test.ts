/** Types, header lengths and byte order of ICMP. */

import { describe, expect, test } from "bun:test";
import {
  echoReplyType,
  echoRequestType,
  endsProbe,
  ipv4HeaderOctets,
  isPortUnreachable,
  swapHalf,
  swapWord,
} from "../../../agent/wire/icmp.ts";

describe("icmp", () => {
  test("echo types follow RFC 792 and RFC 4443", () => {
    expect([echoRequestType(4), echoReplyType(4)]).toEqual([8, 0]);
    expect([echoRequestType(6), echoReplyType(6)]).toEqual([128, 129]);
  });

  test.each([
    [0x45, 20],
    [0x46, 24],
    [0x4f, 60],
    [0x44, 0],
    [0x60, 0],
    [0x00, 0],
  ])("ipv4HeaderOctets(%p) is %p", (first, octets) => {
    expect(ipv4HeaderOctets(first)).toBe(octets);
  });

  test.each([
    [4, 3, true],
    [4, 11, true],
    [4, 12, true],
    [4, 4, false],
    [4, 5, false],
    [4, 0, false],
    [6, 1, true],
    [6, 2, true],
    [6, 3, true],
    [6, 4, true],
    [6, 137, false],
    [6, 0, false],
  ] as const)("endsProbe(%p, %p) is %p", (family, type, ends) => {
    expect(endsProbe(family, type)).toBe(ends);
  });

  test("isPortUnreachable() knows the code of each family", () => {
    expect(isPortUnreachable(4, 3, 3)).toBe(true);
    expect(isPortUnreachable(4, 3, 1)).toBe(false);
    expect(isPortUnreachable(6, 1, 4)).toBe(true);
    expect(isPortUnreachable(6, 3, 3)).toBe(false);
  });

  test("swapHalf() and swapWord() are their own inverse", () => {
    expect(swapHalf(0x1234)).toBe(0x3412);
    expect(swapWord(0x0000_00ff)).toBe(0xff00_0000 | 0);
    for (const value of [0, 1, 0x7fff, 0xffff]) expect(swapHalf(swapHalf(value))).toBe(value);
    for (const value of [0, -1, 0x1234_5678]) expect(swapWord(swapWord(value))).toBe(value);
  });
});
