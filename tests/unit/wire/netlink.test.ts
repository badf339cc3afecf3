import { describe, expect, test } from "bun:test";
import {
  attribute,
  attribute8,
  attribute32,
  attributeText,
  joined,
  message,
  NESTED,
  NLM_F,
  nest,
  pad4,
  read8,
  read32,
  readAttributes,
  readDone,
  readError,
  readNested,
  readOctets,
  readText,
  splitMessages,
  stampSequence,
} from "../../../agent/wire/netlink.ts";
import { golden, hexOf, octets } from "../../support/netlink-golden.ts";

describe("writing", () => {
  test.each([
    [0, 0],
    [1, 4],
    [3, 4],
    [4, 4],
    [5, 8],
  ])("pad4(%d) is %d", (length, padded) => {
    expect(pad4(length)).toBe(padded);
  });

  test("attribute() counts itself without its padding", () => {
    expect(hexOf(attribute8(21, 158))).toBe("050015009e000000");
    expect(hexOf(attribute32(15, 158))).toBe("08000f009e000000");
    expect(hexOf(attributeText(17, "wan0"))).toBe("0900110077616e3000000000");
  });

  test("message() has its length, the REQUEST flag and room for the sequence", () => {
    const request = message(24, NLM_F.ack | NLM_F.create | NLM_F.replace, [attribute32(4, 2)]);
    stampSequence(request, 0x0102_0304);
    expect(hexOf(request)).toBe(`180000001800050504030201000000000800040002000000`);
  });
});

describe("splitMessages()", () => {
  const one = message(1, 0, [attribute32(1, 7)]);
  const odd = message(2, 0, [Uint8Array.of(9)]);

  test("takes messages one after the other, each at a multiple of 4", () => {
    const datagram = joined([odd, new Uint8Array(3), one]);
    expect(splitMessages(datagram).map(({ type }) => type)).toEqual([2, 1]);
  });

  test("ends before one that is cut short, however short", () => {
    const both = joined([one, one]);
    for (let length = one.byteLength; length < both.byteLength; length++) {
      expect(splitMessages(both.subarray(0, length))).toHaveLength(1);
    }
  });

  test("ends at a length below a header's, which would never advance", () => {
    for (const length of [0, 1, 15]) {
      const bad = one.slice();
      new DataView(bad.buffer).setUint32(0, length, true);
      expect(splitMessages(bad)).toEqual([]);
    }
  });
});

describe("readAttributes()", () => {
  test("reads what was written, with the flags of the type left out", () => {
    const inner = nest(2 | NESTED, [attribute8(1, 5)]);
    const attributes = readAttributes(joined([attribute32(4, 77), inner]), 0);
    expect(attributes && read32(attributes, 4, null)).toBe(77);
    const nested = attributes && readNested(attributes, 2);
    expect(nested && read8(nested, 1, null)).toBe(5);
  });

  test("of two of one type the last counts", () => {
    const attributes = readAttributes(joined([attribute32(4, 1), attribute32(4, 2)]), 0);
    expect(attributes && read32(attributes, 4, null)).toBe(2);
  });

  test.each([
    ["a header cut short", "0800"],
    ["a length of 0", "00000400"],
    ["a length below the header's", "03000400"],
    ["a length beyond the end", "0900040001000000"],
  ])("is null for %s", (_, hex) => {
    expect(readAttributes(octets(hex), 0)).toBeNull();
  });

  test("a value of another size than its type's is null, an absent one what the caller says", () => {
    const attributes = readAttributes(attribute(4, Uint8Array.of(1, 2, 3)), 0) ?? new Map();
    expect(read32(attributes, 4, "absent")).toBeNull();
    expect(read8(attributes, 4, "absent")).toBeNull();
    expect(read32(attributes, 5, "absent")).toBe("absent");
    expect(readOctets(attributes, 4, 4)).toBeUndefined();
    expect(readOctets(attributes, 5, 4)).toBeNull();
    expect(readText(attributes, 5)).toBeNull();
  });
});

describe("readError() and readDone()", () => {
  test("the kernel's words stand behind the quoted request", () => {
    const [error] = splitMessages(golden("error-datagram").body);
    expect(error?.type).toBe(2);
    expect(error && readError(error)).toEqual({ errno: 101, text: "Nexthop has invalid gateway" });
  });

  test("an ack quotes the header alone", () => {
    const body = joined([new Uint8Array(4), message(24, 5, [])]);
    const flags = NLM_F.capped;
    expect(readError({ type: 2, flags, sequence: 1, body })).toEqual({ errno: 0, text: "" });
  });

  test("words behind a capped quote are found as well", () => {
    const head = message(24, 5, []);
    new DataView(head.buffer).setUint32(0, 60, true);
    const body = joined([octets("eaffffff"), head, attributeText(1, "no")]);
    const flags = NLM_F.capped | NLM_F.ackTlvs;
    expect(readError({ type: 2, flags, sequence: 1, body })).toEqual({ errno: 22, text: "no" });
  });

  test("a quote that is longer than the message costs the words, not the errno", () => {
    const head = message(24, 5, []);
    new DataView(head.buffer).setUint32(0, 0xffff_fff0, true);
    const body = joined([octets("eaffffff"), head]);
    const flags = NLM_F.ackTlvs;
    expect(readError({ type: 2, flags, sequence: 1, body })).toEqual({ errno: 22, text: "" });
  });

  test("an error cut short is null: it must not pass for an ack", () => {
    for (const length of [0, 3, 4, 19]) {
      const body = new Uint8Array(length);
      expect(readError({ type: 2, flags: 0, sequence: 1, body })).toBeNull();
    }
  });

  test("a dump that failed half way says so in its end", () => {
    const body = joined([octets("feffffff"), attributeText(1, "ipv4: FIB table does not exist")]);
    const done = { type: 3, flags: NLM_F.ackTlvs, sequence: 1, body };
    expect(readDone(done)).toEqual({ errno: 2, text: "ipv4: FIB table does not exist" });
    expect(readDone({ ...done, body: new Uint8Array(0) })).toEqual({ errno: 0, text: "" });
  });
});
