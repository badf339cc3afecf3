import { describe, expect, test } from "bun:test";
import { isHostName, isPrefix, parseListen } from "../../../agent/config/host.ts";

describe("parseListen()", () => {
  test.each([
    ["127.0.0.1:9477", { port: 9477, loopback: true }],
    ["[::1]:0", { port: 0, loopback: true }],
    ["localhost:80", { port: 80, loopback: true }],
    ["127.200.0.1:65535", { port: 65_535, loopback: true }],
    ["0.0.0.0:80", { port: 80, loopback: false }],
    ["[::]:80", { port: 80, loopback: false }],
    ["[::ffff:127.0.0.1]:80", { port: 80, loopback: false }],
  ])("takes %s", (text, expected) => {
    expect(parseListen(text)).toEqual(expected);
  });

  test.each(["", "9477", ":9477", "127.0.0.1", "127.0.0.1:65536", "::1:80", "[127.0.0.1]:80"])(
    "refuses %p",
    (text) => {
      expect(parseListen(text)).toBeNull();
    },
  );
});

test.each([
  ["a", true],
  ["a.b.", true],
  [".", false],
  ["1.2.3", false],
  ["a.1b", true],
])("isHostName() of %s is %p", (text, expected) => {
  expect(isHostName(text)).toBe(expected);
});

test.each([
  ["10.0.0.0/8", true],
  ["10.0.0.1", true],
  ["10.0.0.0/33", false],
  ["2001:db8::/128", true],
  ["2001:db8::/129", false],
  ["fe80::1%eth0/64", false],
  ["default", false],
])("isPrefix() of %s is %p", (text, expected) => {
  expect(isPrefix(text)).toBe(expected);
});
