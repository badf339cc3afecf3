import { describe, expect, test } from "bun:test";
import {
  EMPTY_MEMORY,
  parseMemory,
  serializeMemory,
  withBad,
  withNoted,
  withSighting,
  withStep,
} from "../../../agent/update/memory.ts";
import { encodeUpdate } from "../../../agent/wire/update-frames.ts";
import { sha } from "../../support/update-documents.ts";

const FILE = { release: 3, version: "0.3.0", sha256: sha("three") };
const STEP = { at: 5, step: "staged", release: 3, version: "0.3.0", detail: "" } as const;

function fullMemory() {
  let memory = EMPTY_MEMORY;
  for (let i = 0; i < 40; i++) {
    memory = withBad(memory, { ...FILE, sha256: sha(`${i}`) }, "ö".repeat(500));
    memory = withStep(memory, { ...STEP, detail: "ö".repeat(500) });
  }
  return { ...memory, previous: FILE };
}

describe("the memory of updates", () => {
  test("survives its file", () => {
    const memory = fullMemory();
    expect(parseMemory(serializeMemory(memory))).toEqual(memory);
    expect(parseMemory(serializeMemory(EMPTY_MEMORY))).toEqual(EMPTY_MEMORY);
  });

  test("is nothing when its file is damaged", () => {
    const text = serializeMemory(fullMemory());
    expect(parseMemory(text.slice(0, -20))).toBeNull();
    expect(parseMemory(text.replace('"noted": 0', '"noted": -1'))).toBeNull();
    expect(parseMemory("{}")).toBeNull();
  });

  test("only grows in what it has seen", () => {
    const seen = { release: 5, minRelease: 2, keysVersion: 3, created: 100 };
    const memory = withSighting(EMPTY_MEMORY, seen);
    expect(memory).toMatchObject({ highestRelease: 5, minRelease: 2, keysVersion: 3, seenAt: 100 });
    const older = { release: 4, minRelease: 1, keysVersion: 2, created: 50 };
    expect(withSighting(memory, older)).toEqual(memory);
  });

  test("keeps a bad file once, with the last reason, and a bounded number of them", () => {
    const memory = withBad(withBad(EMPTY_MEMORY, FILE, "first"), FILE, "second\nline");
    expect(memory.bad).toEqual([{ ...FILE, reason: "second line" }]);
    expect(fullMemory().bad).toHaveLength(16);
  });

  test("numbers steps beyond those that were let go", () => {
    const memory = fullMemory();
    expect(memory.steps).toHaveLength(16);
    expect(memory.steps.at(-1)?.number).toBe(40);
    expect(withNoted(memory, 100).noted).toBe(40);
    expect(withNoted(withNoted(memory, 30), 20).noted).toBe(30);
  });

  test("fits one frame of the control pair when it is full", () => {
    const { bad, previous, steps, noted } = fullMemory();
    const frame = encodeUpdate(49, {
      ...{ activity: "idle", sha256: sha("x"), trial: null, problem: null },
      root_keys: Array(8).fill("R".repeat(56)),
      ...{ highest_release: 1, keys_version: 1, min_release: 1, seen_at: 1 },
      ...{ bad, previous, steps, noted },
    });
    expect(frame.byteLength).toBeLessThan(32 * 1024);
  });
});
