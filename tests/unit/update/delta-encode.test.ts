import { describe, expect, test } from "bun:test";
import { encodeDelta } from "../../../agent/update/delta-encode.ts";
import { LITERALS_MAX, parseDelta } from "../../../agent/update/delta-format.ts";
import { applied, fileOf } from "../../support/update-delta.ts";

const BLOCK = 4_096;
/** Octets that do not compress and do not repeat. */
function noise(length: number, seed: number): Uint8Array {
  const out = new Uint8Array(length);
  let state = seed;
  for (let i = 0; i < length; i++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    out[i] = state >>> 24;
  }
  return out;
}

function operationsOf(base: Uint8Array, fresh: Uint8Array) {
  const delta = encodeDelta(fileOf(base), fileOf(fresh), 3);
  if (delta === null) throw new Error("no delta");
  expect(applied(delta, base)).toEqual(Buffer.from(fresh));
  const parsed = parseDelta(delta);
  return parsed.kind === "delta" ? parsed.delta.operations : [];
}

describe("encodeDelta()", () => {
  const base = noise(8 * BLOCK + 100, 1);

  test("an equal file is one copy and its last, broken block", () => {
    expect(operationsOf(base, base)).toEqual([
      { kind: "copy", block: 0, blocks: 8 },
      { kind: "literal", octets: 100 },
    ]);
  });

  test("a changed octet costs its block", () => {
    const fresh = base.slice();
    fresh[3 * BLOCK + 5] = (fresh[3 * BLOCK + 5] ?? 0) ^ 1;
    expect(operationsOf(base, fresh)).toEqual([
      { kind: "copy", block: 0, blocks: 3 },
      { kind: "literal", octets: BLOCK },
      { kind: "copy", block: 4, blocks: 4 },
      { kind: "literal", octets: 100 },
    ]);
  });

  test("blocks that moved are found again", () => {
    const fresh = Buffer.concat([noise(BLOCK, 9), base.subarray(0, 8 * BLOCK)]);
    expect(operationsOf(base, fresh)).toEqual([
      { kind: "literal", octets: BLOCK },
      { kind: "copy", block: 0, blocks: 8 },
    ]);
  });

  test("goes to and from an empty file", () => {
    expect(operationsOf(new Uint8Array(), base)).toHaveLength(1);
    expect(operationsOf(base, new Uint8Array())).toEqual([]);
  });

  test("gives up where more changed than a box should hold", () => {
    const large = { ...fileOf(new Uint8Array()), size: LITERALS_MAX + BLOCK };
    const filled = { ...large, read: (into: Uint8Array, at: number) => void into.fill(at % 251) };
    expect(encodeDelta(fileOf(new Uint8Array()), filled, 1)).toBeNull();
  });
});
