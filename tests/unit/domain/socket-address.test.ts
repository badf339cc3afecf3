/** Socket addresses as text. */

import { expect, test } from "bun:test";
import { parseSocketAddress } from "../../../agent/domain/socket-address.ts";

test("parseSocketAddress() reads both families", () => {
  expect(parseSocketAddress("192.0.2.1:862")).toMatchObject({
    address: { family: 4, bytes: Uint8Array.of(192, 0, 2, 1) },
    port: 862,
  });
  expect(parseSocketAddress("[::]:65535")).toMatchObject({ address: { family: 6 }, port: 65_535 });
});

test.each([
  "192.0.2.1",
  "192.0.2.1:0",
  "192.0.2.1:65536",
  "[192.0.2.1]:862",
  "::1:862",
  "[fe80::1%eth0]:862",
  "localhost:862",
  "",
])("parseSocketAddress() refuses %p", (text) => {
  expect(parseSocketAddress(text)).toBeNull();
});
