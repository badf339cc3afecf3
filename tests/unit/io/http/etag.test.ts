import { expect, test } from "bun:test";
import { hasTag, weakTag } from "../../../../agent/io/http/etag.ts";

test("weakTag() is the same for the same text only", () => {
  expect(weakTag("a")).toBe(weakTag("a"));
  expect(weakTag("a")).not.toBe(weakTag("b"));
  expect(weakTag("a")).toMatch(/^W\/"[a-z0-9]+"$/);
});

const rows = [
  { header: null, want: false },
  { header: 'W/"a"', want: true },
  { header: '"a"', want: true },
  { header: '"x", W/"a"', want: true },
  { header: "*", want: true },
  { header: "", want: false },
  { header: '"x"', want: false },
];

test.each(rows)("hasTag($header) is $want", ({ header, want }) => {
  expect(hasTag(header, 'W/"a"')).toBe(want);
});
