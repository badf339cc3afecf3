import { describe, expect, test } from "bun:test";
import { zstdCompressSync } from "node:zlib";
import { applyDelta, readDictionary } from "../../../agent/update/delta-apply.ts";
import type { ParsedDelta } from "../../../agent/update/delta-format.ts";
import { fileOf } from "../../support/update-delta.ts";
import { sha } from "../../support/update-documents.ts";

const BASE = new Uint8Array(40 * 4_096).map((_, i) => (i * 7) % 251);

function delta(change: Partial<ParsedDelta>): ParsedDelta {
  return {
    ...{ baseSize: BASE.byteLength, baseSha256: sha("b"), newSize: 10, newSha256: sha("n") },
    dictionary: { offset: 0, length: 0 },
    literalOctets: 10,
    operations: [{ kind: "literal", octets: 10 }],
    packed: zstdCompressSync(new Uint8Array(10)),
    ...change,
  };
}

describe("applyDelta()", () => {
  test("gives pieces of 64 KiB at the most", () => {
    const operations = [{ kind: "copy", block: 0, blocks: 40 }] as const;
    const sizes = [...applyDelta(delta({ operations, literalOctets: 0 }), fileOf(BASE))].map(
      (piece) => piece.byteLength,
    );
    expect(sizes).toEqual([65_536, 65_536, 32_768]);
  });

  test("unpacks no more than the literals that were announced", () => {
    const bomb = delta({ packed: zstdCompressSync(new Uint8Array(50_000_000)) });
    expect(() => [...applyDelta(bomb, fileOf(BASE))]).toThrow(RangeError);
    const short = delta({ packed: zstdCompressSync(new Uint8Array(9)) });
    expect(() => [...applyDelta(short, fileOf(BASE))]).toThrow(RangeError);
    const noise = delta({ packed: new Uint8Array([1, 2, 3, 4]) });
    expect(() => [...applyDelta(noise, fileOf(BASE))]).toThrow(RangeError);
  });

  test("a dictionary is the range of the base that is named", () => {
    expect(readDictionary(fileOf(BASE), { offset: 5, length: 3 })).toEqual(BASE.slice(5, 8));
    expect(readDictionary(fileOf(BASE), { offset: 5, length: 0 })).toBeNull();
  });
});
