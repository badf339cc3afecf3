import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { REAL_DISK } from "../../../agent/supervisor/update/real-disk.ts";
import { EMPTY_MEMORY } from "../../../agent/update/memory.ts";
import { placesOf } from "../../../agent/update/places.ts";
import {
  readMarker,
  readMemory,
  swapIn,
  writeMarker,
} from "../../../agent/update/program-files.ts";
import { sha } from "../../support/update-documents.ts";

const folder = mkdtempSync(join(tmpdir(), "program-files-"));
const places = placesOf(join(folder, "patronus-agent"));
const BEFORE = { release: 1, version: "0.1.0", sha256: sha("old") };
const MARKER = {
  ...{ release: 2, version: "0.2.0", sha256: sha("new"), before: BEFORE },
  ...{ tries: 1, answering: 3 },
};

afterAll(() => rmSync(folder, { recursive: true }));

test("readMarker() takes what writeMarker() wrote, and nothing damaged", () => {
  writeMarker(REAL_DISK, places, MARKER);
  expect(readMarker(REAL_DISK, places.marker)).toEqual(MARKER);
  writeFileSync(places.marker, JSON.stringify({ ...MARKER, sha256: "x" }));
  expect(readMarker(REAL_DISK, places.marker)).toBeNull();
  rmSync(places.marker);
  expect(readMarker(REAL_DISK, places.marker)).toBeNull();
});

test("readMemory() of no file is an empty one; a link in its place is not followed", () => {
  expect(readMemory(REAL_DISK, places)).toEqual(EMPTY_MEMORY);
  writeFileSync(join(folder, "elsewhere"), JSON.stringify({ highestRelease: 9 }));
  symlinkSync(join(folder, "elsewhere"), places.memory);
  expect(readMemory(REAL_DISK, places)).toEqual(EMPTY_MEMORY);
});

test("swapIn() keeps the file before under another name without copying it", () => {
  writeFileSync(places.program, "old");
  writeFileSync(places.fresh, "new");
  const { ino } = statSync(places.program);
  swapIn(REAL_DISK, places, MARKER);
  expect(readFileSync(places.program, "utf8")).toBe("new");
  expect(statSync(places.previous).ino).toBe(ino);
});
