/** The echo responder listens on loopback or not at all. */

import { expect, test } from "bun:test";
import { parseEchoListen } from "../../../agent/worker/echo.ts";

test("parseEchoListen() takes loopback addresses of both families", () => {
  expect(parseEchoListen("127.0.0.1:9707")).toMatchObject({ family: 4, port: 9707 });
  expect(parseEchoListen("127.9.9.9:1")?.address).toEqual(Uint8Array.of(127, 9, 9, 9));
  expect(parseEchoListen("[::1]:7")).toMatchObject({ family: 6, port: 7 });
});

test.each([
  "0.0.0.0:9707",
  "192.0.2.1:9707",
  "[::]:9707",
  "[::1%lo]:9707",
  "[fe80::1]:9707",
  "localhost:9707",
  "127.0.0.1",
  "127.0.0.1:0",
  "127.0.0.1:65536",
  "::1:7",
  "",
])("parseEchoListen() refuses %p", (text) => {
  expect(parseEchoListen(text)).toBeNull();
});
