import { describe, expect, test } from "bun:test";
import { DOCUMENT_MAX, readDocument } from "../../../agent/update/fields.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

describe("readDocument()", () => {
  test("tells the first fault with its place", () => {
    const read = readDocument(bytes(`{"a":{"b":-1}}`), (fields) =>
      fields.inner("a").whole("b", { min: 0, max: 5 }),
    );
    expect(read).toEqual({
      kind: "damaged",
      reason: "a.b is wrong: want a whole number from 0 to 5",
    });
  });

  test("refuses what is no JSON, no UTF-8, no object, or too long", () => {
    const whatever = () => 1;
    for (const octets of [
      bytes("{"),
      new Uint8Array([0x22, 0xff, 0x22]),
      bytes("[]"),
      bytes("1"),
    ]) {
      expect(readDocument(octets, whatever).kind).toBe("damaged");
    }
    expect(readDocument(bytes(`${" ".repeat(DOCUMENT_MAX)}{}`), whatever).kind).toBe("damaged");
    expect(readDocument(bytes("{}"), whatever)).toEqual({ kind: "ok", value: 1 });
  });

  test("a place stays below the folder of the server", () => {
    const places = ["/etc/passwd", "../x", "a/../b", "http://x/y", "a//b", "", ".hidden", "a\\b"];
    for (const place of places) {
      const read = readDocument(bytes(JSON.stringify({ place })), (fields) =>
        fields.place("place"),
      );
      expect(read.kind).toBe("damaged");
    }
    const fine = readDocument(bytes(`{"place":"stable/7/x.zst"}`), (fields) =>
      fields.place("place"),
    );
    expect(fine).toEqual({ kind: "ok", value: "stable/7/x.zst" });
  });

  test("lists have bounds", () => {
    const read = (count: number) =>
      readDocument(bytes(JSON.stringify({ of: Array(count).fill("x") })), (fields) =>
        fields.texts("of", 3, /^x$/),
      ).kind;
    expect([read(3), read(4)]).toEqual(["ok", "damaged"]);
  });
});
