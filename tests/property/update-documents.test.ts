/**
 * Signed documents of updates with anything changed in them: what is offered is what was signed, or
 * nothing. Documents that are signed well but say anything at all are refused or within bounds. A
 * failure prints the seed; FULL=1 runs longer.
 */

import { expect, test } from "bun:test";
import { FILE_SIZE_MAX, RELEASE_MAX } from "../../agent/update/manifest.ts";
import type { SignedDocuments } from "../../agent/update/trust.ts";
import { judgeOffer } from "../../agent/update/trust.ts";
import { fc } from "../support/property.ts";
import { judge, manifestDocument, signedDocuments } from "../support/update-documents.ts";

const RUNS = Bun.env["FULL"] === "1" ? 20_000 : 600;
const GENUINE = signedDocuments();
const OFFER = judgeOffer(GENUINE, judge());
const PARTS = ["keys", "keysSignature", "manifest", "manifestSignature"] as const;

type Part = (typeof PARTS)[number];

/** `octets` put in place of what lies at `at`, or before it. */
function changed(part: Part, at: number, octets: Uint8Array, isInsertion: boolean) {
  const document = GENUINE[part];
  const bytes = typeof document === "string" ? new TextEncoder().encode(document) : document;
  const from = at % (bytes.byteLength + 1);
  const to = isInsertion ? from : Math.min(bytes.byteLength, from + octets.byteLength);
  const next = Buffer.concat([bytes.subarray(0, from), octets, bytes.subarray(to)]);
  const value = typeof document === "string" ? next.toString("latin1") : new Uint8Array(next);
  return { ...GENUINE, [part]: value } as SignedDocuments;
}

test("a change anywhere gives no other offer", () => {
  expect(OFFER.kind).toBe("offered");
  let refused = 0;
  const octets = fc.uint8Array({ minLength: 1, maxLength: 12 });
  fc.assert(
    fc.property(
      fc.constantFrom(...PARTS),
      fc.nat(),
      octets,
      fc.boolean(),
      (part, at, some, put) => {
        const offer = judgeOffer(changed(part, at, some, put), judge());
        // The untrusted comment of a signature says nothing.
        if (offer.kind === "refused") refused++;
        else expect<unknown>(offer).toEqual(OFFER);
      },
    ),
    { numRuns: RUNS },
  );
  expect(refused).toBeGreaterThan(RUNS / 2);
});

/** Any value in the place of one that is there, at any depth. */
function replaced(value: unknown, path: readonly number[], by: unknown): unknown {
  const [step, ...rest] = path;
  if (step === undefined || typeof value !== "object" || value === null) return by;
  const keys = Object.keys(value);
  const key = keys[step % Math.max(1, keys.length)] ?? "added";
  const next = replaced((value as Record<string, unknown>)[key], rest, by);
  return Array.isArray(value)
    ? value.map((item, i) => (String(i) === key ? next : item))
    : { ...value, [key]: next };
}

test("a manifest that is signed but says anything is refused, or within bounds", () => {
  const odd = fc.oneof(
    fc.jsonValue(),
    fc.constantFrom(-1, 0, 1e300, 2 ** 53, RELEASE_MAX + 1, FILE_SIZE_MAX + 1, "", "../x", "/x"),
  );
  fc.assert(
    fc.property(fc.array(fc.nat({ max: 9 }), { minLength: 1, maxLength: 5 }), odd, (path, by) => {
      const manifest = replaced(manifestDocument(), path, by);
      const offer = judgeOffer(signedDocuments({ manifest: manifest as object }), judge());
      if (offer.kind !== "offered") return;
      const { files } = offer;
      expect(files.size).toBeLessThanOrEqual(FILE_SIZE_MAX);
      for (const { place, size, sha256 } of [files.full, ...files.deltas]) {
        expect(size).toBeWithin(1, FILE_SIZE_MAX + 1);
        expect(sha256).toMatch(/^[0-9a-f]{64}$/);
        expect(place.split("/")).not.toContain("..");
        expect(place.startsWith("/")).toBe(false);
      }
    }),
    { numRuns: RUNS },
  );
});
