import { expect, test } from "bun:test";
import { LineBuffer } from "../../../../../agent/io/http/metrics/line-buffer.ts";

const encode = (text: string) => new TextEncoder().encode(text);
const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

const numbers = [
  { scaled: 0, digits: 3, text: "0" },
  { scaled: 1, digits: 3, text: "0.001" },
  { scaled: 50, digits: 3, text: "0.05" },
  { scaled: 999.4, digits: 3, text: "0.999" },
  { scaled: 999.5, digits: 3, text: "1" },
  { scaled: 12_345.6, digits: 3, text: "12.346" },
  { scaled: 100_000, digits: 3, text: "100" },
  { scaled: 123, digits: 6, text: "0.000123" },
  { scaled: 5, digits: 1, text: "0.5" },
  { scaled: 10, digits: 0, text: "10" },
  { scaled: 2_147_483_646, digits: 0, text: "2147483646" },
  { scaled: 2_147_483_647, digits: 0, text: "2147483647" },
  { scaled: 9_007_199_254_740_991, digits: 0, text: "9007199254740991" },
  { scaled: 12_345_678_901, digits: 3, text: "12345678.901" },
  { scaled: -1500, digits: 3, text: "-1.5" },
] as const;

test.each(numbers)("LineBuffer.number($scaled, $digits) writes $text", (row) => {
  const buffer = new LineBuffer(64, new Uint8Array());
  buffer.number(row.scaled, row.digits);
  expect(decode(buffer.take())).toBe(`${row.text}\n`);
});

test("LineBuffer.number() agrees with the runtime for every value below 10", () => {
  const buffer = new LineBuffer(64, new Uint8Array());
  for (let scaled = 0; scaled < 10_000; scaled++) {
    buffer.number(scaled, 3);
    expect(decode(buffer.take())).toBe(`${scaled / 1_000}\n`);
  }
});

test("LineBuffer.copy() keeps pieces of every length and any valid UTF-8", () => {
  const text = "äöü€\u{10348}\u007f\u{1f6f0}abcdefghijklmnopqrstuvwxyz\u{10ffff}\u007f";
  const arena = encode(text);
  for (let end = 0; end <= arena.byteLength; end++) {
    const buffer = new LineBuffer(128, arena);
    buffer.copy(0, end);
    buffer.copy(0, 2);
    const want = new Uint8Array([...arena.subarray(0, end), ...arena.subarray(0, 2)]);
    expect(buffer.take()).toEqual(want);
  }
});

test("LineBuffer.text() writes nothing when it does not fit", () => {
  const buffer = new LineBuffer(4, new Uint8Array());
  expect(buffer.text("12345")).toBe(false);
  expect(buffer.text("1234")).toBe(true);
  expect(decode(buffer.take())).toBe("1234");
});

test("LineBuffer.take() begins anew", () => {
  const buffer = new LineBuffer(32, encode("name"));
  buffer.copy(0, 4);
  buffer.close();
  const first = decode(buffer.take());
  buffer.copy(1, 3);
  expect(decode(buffer.take())).toBe("am");
  expect(first).toBe("name} ");
});
