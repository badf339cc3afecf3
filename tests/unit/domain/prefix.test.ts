import { describe, expect, test } from "bun:test";
import {
  formatPrefix,
  holdsAddress,
  holdsPrefix,
  parsePrefix,
} from "../../../agent/domain/prefix.ts";
import { bytes } from "../../support/routing.ts";

function prefix(text: string) {
  const parsed = parsePrefix(text);
  if (parsed === null) throw new Error(text);
  return parsed;
}

describe("parsePrefix()", () => {
  test.each([
    ["10.0.0.0/8", "10.0.0.0/8"],
    ["10.1.2.3/8", "10.0.0.0/8"],
    ["10.1.2.255/25", "10.1.2.128/25"],
    ["192.0.2.1", "192.0.2.1/32"],
    ["0.0.0.0/0", "0.0.0.0/0"],
    ["2001:db8:ffff::1/33", "2001:db8:8000::/33"],
    ["2001:db8::1", "2001:db8::1/128"],
  ])("reads %s as %s", (text, expected) => {
    expect(formatPrefix(prefix(text))).toBe(expected);
  });

  test.each(["10.0.0.0/33", "::/129", "10.0.0/8", "name/8", "fe80::1%eth0/64", "10.0.0.0/", ""])(
    "refuses %s",
    (text) => {
      expect(parsePrefix(text)).toBeNull();
    },
  );
});

test.each([
  ["10.0.0.0/8", "10.255.255.255", true],
  ["10.0.0.0/8", "11.0.0.0", false],
  ["10.0.0.0/25", "10.0.0.127", true],
  ["10.0.0.0/25", "10.0.0.128", false],
  ["0.0.0.0/0", "::1", false],
  ["::/0", "2001:db8::1", true],
])("holdsAddress() of %s and %s is %p", (outer, address, expected) => {
  expect(holdsAddress(prefix(outer), bytes(address))).toBe(expected);
});

test.each([
  ["10.0.0.0/8", "10.1.0.0/16", true],
  ["10.1.0.0/16", "10.0.0.0/8", false],
  ["10.0.0.0/8", "10.0.0.0/8", true],
  ["10.0.0.0/8", "2001:db8::/32", false],
])("holdsPrefix() of %s and %s is %p", (outer, inner, expected) => {
  expect(holdsPrefix(prefix(outer), prefix(inner))).toBe(expected);
});
