/** Prefixes as text. */

import { expect, test } from "bun:test";
import { parsePrefix } from "../../../agent/domain/prefix.ts";

test("parsePrefix() reads both families, and an address alone as all of its bits", () => {
  expect(parsePrefix("10.0.0.0/8")).toEqual({
    family: 4,
    bytes: Uint8Array.of(10, 0, 0, 0),
    bits: 8,
  });
  expect(parsePrefix("192.0.2.1")?.bits).toBe(32);
  expect(parsePrefix("fd00::/8")).toMatchObject({ family: 6, bits: 8 });
  expect(parsePrefix("::1")?.bits).toBe(128);
  expect(parsePrefix("0.0.0.0/0")?.bits).toBe(0);
});

test.each([
  "10.0.0.0/33",
  "fd00::/129",
  "10.0.0/8",
  "fe80::1%eth0",
  "host/8",
  "10.0.0.0/",
  "/8",
  "",
])("parsePrefix() refuses %p", (text) => {
  expect(parsePrefix(text)).toBeNull();
});
