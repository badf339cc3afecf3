import { expect, test } from "bun:test";
import { csvOf } from "../../../../agent/io/http/csv.ts";

test("csvOf() quotes what needs it, and nothing is empty", () => {
  expect(csvOf([{ id: 'a "b", c', none: null, share: 0.5, kinds: ["5m", "1h"] }])).toBe(
    'id,none,share,kinds\r\n"a ""b"", c",,0.5,5m+1h\r\n',
  );
});

test("csvOf() lets no text become a formula", () => {
  expect(csvOf([{ id: "=1+1", n: -1 }])).toBe("id,n\r\n'=1+1,-1\r\n");
});

test("csvOf() of nothing is empty", () => {
  expect(csvOf([])).toBe("");
});
