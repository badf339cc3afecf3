/**
 * Deltas of random files come out right; a damaged delta never gives another file unnoticed. A
 * failure prints the seed; FULL=1 runs longer.
 */

import { expect, test } from "bun:test";
import { encodeDelta } from "../../agent/update/delta-encode.ts";
import { parseDelta } from "../../agent/update/delta-format.ts";
import { parseManifest } from "../../agent/update/manifest.ts";
import { parseMemory } from "../../agent/update/memory.ts";
import { parseSignature } from "../../agent/update/minisign.ts";
import { fc } from "../support/property.ts";
import { applied, fileOf } from "../support/update-delta.ts";

const RUNS = Bun.env["FULL"] === "1" ? 3_000 : 150;
const BLOCK = 4_096;

/** A file as a list of blocks out of a few kinds, with an odd end. */
const file = fc
  .tuple(
    fc.array(fc.integer({ min: 0, max: 5 }), { maxLength: 24 }),
    fc.uint8Array({ maxLength: 5_000 }),
  )
  .map(([blocks, tail]) =>
    Buffer.concat([
      ...blocks.map((kind) => Buffer.alloc(BLOCK).map((_, i) => (i * (kind + 3)) % 253)),
      tail,
    ]),
  );

/** Small changes: octets set, octets put in. */
const edits = fc.array(
  fc.tuple(fc.nat({ max: 100_000 }), fc.uint8Array({ minLength: 1, maxLength: 30 }), fc.boolean()),
  { maxLength: 5 },
);

function edited(base: Buffer, changes: [number, Uint8Array, boolean][]): Buffer {
  return changes.reduce((bytes, [where, octets, isInsertion]) => {
    const at = where % (bytes.length + 1);
    const rest = bytes.subarray(isInsertion ? at : Math.min(bytes.length, at + octets.length));
    return Buffer.concat([bytes.subarray(0, at), octets, rest]);
  }, base);
}

test("encodeDelta() then applyDelta() is the new file, whatever the two are", () => {
  fc.assert(
    fc.property(file, edits, file, fc.boolean(), (base, changes, other, isOther) => {
      const fresh = isOther ? other : edited(base, changes);
      const delta = encodeDelta(fileOf(base), fileOf(fresh), 3);
      expect(delta).not.toBeNull();
      if (delta !== null) expect(Buffer.compare(applied(delta, base), fresh)).toBe(0);
    }),
    { numRuns: RUNS },
  );
});

test("a damaged delta is refused, or its file has another sha256 than the signed one", () => {
  fc.assert(
    fc.property(
      file,
      edits,
      fc.nat(),
      fc.integer({ min: 1, max: 255 }),
      (base, changes, at, by) => {
        const fresh = edited(base, changes);
        const delta = encodeDelta(fileOf(base), fileOf(fresh), 3) ?? new Uint8Array();
        const place = at % delta.byteLength;
        delta[place] = (delta[place] ?? 0) ^ by;
        try {
          const out = applied(delta, base);
          const parsed = parseDelta(delta);
          // Never more than was announced; whether it is the file, the signed sha256 tells.
          expect(parsed.kind === "delta" && parsed.delta.newSize).toBe(out.byteLength);
        } catch (error) {
          expect(error).toBeInstanceOf(RangeError);
        }
      },
    ),
    { numRuns: RUNS },
  );
});

test("no octets make a parser of updates throw", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), fc.json(), (octets, json) => {
      const text = new TextDecoder().decode(octets);
      for (const bytes of [octets, new TextEncoder().encode(json)]) parseManifest(bytes);
      for (const given of [text, json]) {
        parseMemory(given);
        parseSignature(given);
      }
    }),
    { numRuns: RUNS },
  );
});
