/** Ancillary data as the kernel lays it out, and as it never should. */

import { describe, expect, test } from "bun:test";
import { newControl, ORIGIN, readControl } from "../../../agent/worker/control-messages.ts";

const BASE = 1_700_000_000;

/** struct cmsghdr and data, padded to 8. */
function message(level: number, type: number, data: readonly number[]): number[] {
  const words = [16 + data.length * 4, 0, level, type, ...data];
  return words.length % 2 === 0 ? words : [...words, 0];
}

function read(words: readonly number[], octets = words.length * 4) {
  // Something stands before the area, so that a wrong base shows.
  const arena = Int32Array.from([-1, -1, ...words, 16, 0, 1, 37]);
  const control = newControl();
  readControl(arena, { at: 2, octets }, BASE, control);
  return control;
}

/** Three timespecs; only the first (software) is filled. */
function stamp(seconds: number, nanoseconds: number): number[] {
  return message(1, 37, [seconds, 0, nanoseconds, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
}

function extendedError(level: number, type: number, origin: number): number[] {
  const offender = [0x0000_0002, 0x0102_0304, 0, 0];
  return message(level, type, [111, origin | (3 << 8) | (1 << 16), 0, 42, ...offender]);
}

describe("readControl()", () => {
  test("reads the software stamp relative to the base", () => {
    expect(read(stamp(BASE + 2, 500_123_250)).stampUs).toBe(2_500_123.25);
  });

  test("reads SO_TIMESTAMPNS the same way", () => {
    expect(read(message(1, 35, [BASE, 0, 1_000, 0])).stampUs).toBe(1);
  });

  test("reads the hop limit and the place of the local address, of both families", () => {
    const info4 = message(0, 8, [3, 0x0100_007f, 0x0100_007f]);
    const four = read([...message(0, 2, [64]), ...info4, ...stamp(BASE + 1, 0)]);
    expect(four).toMatchObject({ hopLimit: 64, packetInfoWord: 2 + 6 + 4, stampUs: 1e6 });
    const six = read([...message(41, 50, [0, 0, 0, 1, 5]), ...message(41, 52, [255])]);
    expect(six).toMatchObject({ hopLimit: 255, packetInfoWord: 2 + 4 });
  });

  test("knows no hop limit and no local address when there are none", () => {
    expect(read(stamp(BASE, 1_000))).toMatchObject({ hopLimit: -1, packetInfoWord: 0 });
  });

  test("an empty stamp is none", () => {
    expect(read(stamp(0, 0)).stampUs).toBeNaN();
    expect(read([]).stampUs).toBeNaN();
  });

  test("seconds beyond 2038 stay positive", () => {
    expect(read(stamp(0x8000_0000 | 0, 0)).stampUs).toBe((2 ** 31 - BASE) * 1e6);
  });

  test("reads a send stamp with its number", () => {
    const control = read([...stamp(BASE, 7_000), ...extendedError(0, 11, ORIGIN.stamp)]);
    expect(control).toMatchObject({ stampUs: 7, origin: ORIGIN.stamp, data: 42 });
  });

  test("reads an ICMP error with type, code and offender of both families", () => {
    for (const [level, type, origin] of [
      [0, 11, ORIGIN.icmp4],
      [41, 25, ORIGIN.icmp6],
    ] as const) {
      const control = read(extendedError(level, type, origin));
      expect(control).toMatchObject({ origin, errno: 111, type: 3, code: 1, offenderWord: 10 });
    }
  });

  test("an unknown message is passed over", () => {
    const control = read([...message(1, 2, [1, 2, 3]), ...stamp(BASE, 1_000)]);
    expect(control.stampUs).toBe(1);
  });

  test("what was read before does not stay", () => {
    const control = newControl();
    const words = Int32Array.from(extendedError(0, 11, ORIGIN.icmp4));
    readControl(words, { at: 0, octets: words.byteLength }, BASE, control);
    readControl(words, { at: 0, octets: 0 }, BASE, control);
    expect(control.origin).toBe(0);
  });

  test.each([
    ["shorter than its own header", [8, 0, 1, 37, BASE, 0, 1, 0]],
    ["longer than the area", [4_096, 0, 1, 37, BASE, 0, 1, 0]],
    ["of length zero", [0, 0, 1, 37, BASE, 0, 1, 0]],
    ["of negative length", [-64, 0, 1, 37, BASE, 0, 1, 0]],
  ])("a message %s ends the reading", (_name, words) => {
    expect(read(words).stampUs).toBeNaN();
  });

  test("a message behind the area is not read", () => {
    expect(read(stamp(BASE, 1_000), 12).stampUs).toBeNaN();
  });
});
