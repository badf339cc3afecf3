import { expect, test } from "bun:test";
import { isLoopbackHost, isWildcardHost, parseListen } from "../../../../agent/io/http/listen.ts";

const rows = [
  { text: "127.0.0.1:9477", want: { hostname: "127.0.0.1", port: 9477 } },
  { text: "[::1]:0", want: { hostname: "::1", port: 0 } },
  { text: "localhost:65535", want: { hostname: "localhost", port: 65_535 } },
  { text: "localhost:65536", want: null },
  { text: "127.0.0.1", want: null },
  { text: "::1:9477", want: null },
  { text: ":9477", want: null },
  { text: "", want: null },
];

test.each(rows)("parseListen($text)", ({ text, want }) => {
  expect(parseListen(text)).toEqual(want);
});

test("isLoopbackHost() knows loopback addresses and the name", () => {
  const hosts = ["localhost", "127.0.0.1", "127.9.9.9", "::1", "0.0.0.0", "::", "box.example"];
  expect(hosts.filter(isLoopbackHost)).toEqual(["localhost", "127.0.0.1", "127.9.9.9", "::1"]);
});

test("isWildcardHost() knows both families", () => {
  const hosts = ["0.0.0.0", "::", "0:0:0:0:0:0:0:0", "127.0.0.1", "::1", "box.example"];
  expect(hosts.filter(isWildcardHost)).toEqual(["0.0.0.0", "::", "0:0:0:0:0:0:0:0"]);
});
