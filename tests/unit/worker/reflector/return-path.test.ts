/** Ancillary data of a request turned into that of its reply. */

import { expect, test } from "bun:test";
import { wasSentToGroup, writeReturnPath } from "../../../../agent/worker/reflector/return-path.ts";
import { sockaddrWords } from "../../../support/sockaddr-words.ts";

const AT = 8;

function address4(host: string): number {
  return sockaddrWords(host)[1] ?? 0;
}

function address6(host: string): number[] {
  return [...sockaddrWords(host).subarray(2, 6)];
}

/** The request's own data lies behind another message, at word 14. */
function arena(info: readonly number[]): Int32Array {
  const words = new Int32Array(32);
  words.set(info, 14);
  return words;
}

test("an IPv4 reply leaves from the local address, by whatever interface", () => {
  const words = arena([3, address4("192.0.2.1"), address4("192.0.2.1")]);
  expect(writeReturnPath(words, AT, 14, 4)).toBe(32);
  expect([...words.subarray(AT, AT + 7)]).toEqual([28, 0, 0, 8, 0, address4("192.0.2.1"), 0]);
});

test("an IPv6 reply leaves from the address that was asked", () => {
  const words = arena([...address6("2001:db8::9"), 5]);
  expect(writeReturnPath(words, AT, 14, 6)).toBe(40);
  const want = [36, 0, 41, 50, ...address6("2001:db8::9"), 0];
  expect([...words.subarray(AT, AT + 9)]).toEqual(want);
});

test("a link-local address keeps its interface, even when the data overlap", () => {
  const words = new Int32Array(32);
  words.set([...address6("fe80::9"), 5], AT + 4);
  writeReturnPath(words, AT, AT + 4, 6);
  const want = [36, 0, 41, 50, ...address6("fe80::9"), 5];
  expect([...words.subarray(AT, AT + 9)]).toEqual(want);
  const overlapping = new Int32Array(32);
  overlapping.set([...address6("2001:db8::9"), 5], AT + 2);
  writeReturnPath(overlapping, AT, AT + 2, 6);
  expect([...overlapping.subarray(AT + 4, AT + 9)]).toEqual([...address6("2001:db8::9"), 0]);
});

test("wasSentToGroup() knows broadcast and multicast", () => {
  const to4 = (local: string, destination: string) =>
    wasSentToGroup(arena([3, address4(local), address4(destination)]), 14, 4);
  expect(to4("192.0.2.1", "192.0.2.1")).toBe(false);
  expect(to4("192.0.2.1", "192.0.2.255")).toBe(true);
  expect(to4("192.0.2.1", "224.0.0.1")).toBe(true);
  const to6 = (destination: string) => wasSentToGroup(arena([...address6(destination), 5]), 14, 6);
  expect(to6("ff02::1")).toBe(true);
  expect(to6("fe80::1")).toBe(false);
});
