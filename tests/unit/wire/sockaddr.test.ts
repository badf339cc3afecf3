/** struct sockaddr_in and sockaddr_in6, octet by octet. */

import { expect, test } from "bun:test";
import { portOf, sockaddrOf, writeSockaddr } from "../../../agent/wire/sockaddr.ts";

test("sockaddrOf() lays out sockaddr_in", () => {
  const address = Uint8Array.from([192, 0, 2, 7]);
  const bytes = sockaddrOf({ family: 4, address, port: 0x1234, scopeId: 0 });
  expect(bytes.toHex()).toBe("02001234c00002070000000000000000");
});

test("sockaddrOf() lays out sockaddr_in6 with its scope", () => {
  const address = Uint8Array.from([0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9]);
  const bytes = sockaddrOf({ family: 6, address, port: 7, scopeId: 3 });
  expect(bytes.toHex()).toBe("0a00000700000000fe80000000000000000000000000000903000000");
});

test("a null address is the wildcard", () => {
  expect(sockaddrOf({ family: 4, address: null, port: 0, scopeId: 0 }).toHex()).toBe(
    "02000000000000000000000000000000",
  );
});

test("writeSockaddr() writes at an offset and tells the length", () => {
  const arena = new Uint8Array(64);
  const endpoint = { family: 6, address: null, port: 1, scopeId: 0 } as const;
  expect(writeSockaddr(arena, 32, endpoint)).toBe(28);
  expect([...arena.subarray(30, 36)]).toEqual([0, 0, 10, 0, 0, 1]);
});

test("portOf() reads what sockaddrOf() wrote", () => {
  for (const port of [0, 7, 255, 256, 65_535]) {
    expect(portOf(sockaddrOf({ family: 6, address: null, port, scopeId: 0 }))).toBe(port);
  }
});
