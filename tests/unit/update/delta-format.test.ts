import { describe, expect, test } from "bun:test";
import type { DeltaPlan } from "../../../agent/update/delta-format.ts";
import { encodeContainer, LITERALS_MAX, parseDelta } from "../../../agent/update/delta-format.ts";
import { FILE_SIZE_MAX } from "../../../agent/update/manifest.ts";
import { sha } from "../../support/update-documents.ts";

const PLAN: DeltaPlan = {
  baseSize: 3 * 4_096 + 5,
  baseSha256: sha("base"),
  newSize: 2 * 4_096 + 7,
  newSha256: sha("new"),
  dictionary: { offset: 10, length: 100 },
  literalOctets: 7,
  operations: [
    { kind: "copy", block: 1, blocks: 2 },
    { kind: "literal", octets: 7 },
  ],
};
const PACKED = new Uint8Array([1, 2, 3]);

describe("parseDelta()", () => {
  test("reads what encodeContainer() wrote", () => {
    const parsed = parseDelta(encodeContainer(PLAN, PACKED));
    expect(parsed).toEqual({ kind: "delta", delta: { ...PLAN, packed: PACKED } });
  });

  const literal = (octets: number) => ({ kind: "literal", octets }) as const;
  test.each<Partial<DeltaPlan>>([
    { newSize: PLAN.newSize + 1 },
    { baseSize: FILE_SIZE_MAX + 1 },
    { literalOctets: LITERALS_MAX + 1 },
    { literalOctets: 6 },
    { dictionary: { offset: 0, length: PLAN.baseSize + 1 } },
    { dictionary: { offset: 2 ** 40, length: 1 } },
    { operations: [{ kind: "copy", block: 2, blocks: 2 }, literal(7)] },
    { operations: [{ kind: "copy", block: 0xff_ff_ff_fe, blocks: 2 }, literal(7)] },
    { operations: [{ kind: "copy", block: 0, blocks: 0xff_ff_ff_ff }, literal(7)] },
    { operations: [literal(7)] },
    { operations: [] },
  ])("refuses %j", (change) => {
    expect(parseDelta(encodeContainer({ ...PLAN, ...change }, PACKED)).kind).toBe("damaged");
  });

  test("refuses every shorter and every longer form", () => {
    const bytes = encodeContainer(PLAN, PACKED);
    for (let length = 0; length < bytes.byteLength; length++) {
      expect(parseDelta(bytes.subarray(0, length)).kind).toBe("damaged");
    }
    expect(parseDelta(Buffer.concat([bytes, new Uint8Array(1)])).kind).toBe("damaged");
  });
});
