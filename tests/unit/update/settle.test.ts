import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { REAL_DISK } from "../../../agent/supervisor/update/real-disk.ts";
import { EMPTY_MEMORY, withBad, withStep } from "../../../agent/update/memory.ts";
import type { ProgramPlaces } from "../../../agent/update/places.ts";
import { placesOf } from "../../../agent/update/places.ts";
import type { Disk, Marker } from "../../../agent/update/program-files.ts";
import {
  endTrial,
  readMemory,
  swapBack,
  swapIn,
  writeMarker,
  writeMemory,
} from "../../../agent/update/program-files.ts";
import { rejected, settle } from "../../../agent/update/settle.ts";
import { cutDisk, PowerCut } from "../../support/cut-disk.ts";
import { sha } from "../../support/update-documents.ts";

const OLD = { release: 1, version: "0.1.0", sha256: sha("old program") };
const NEW = { release: 2, version: "0.2.0", sha256: sha("new program") };
const MARKER: Marker = { ...NEW, before: OLD, tries: 0, answering: 1 };
const NOW = 1_000;

let folder: string;
let places: ProgramPlaces;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "settle-"));
  places = placesOf(join(folder, "patronus-agent"));
  reset();
});

afterEach(() => rmSync(folder, { recursive: true }));

function reset(): void {
  for (const path of [...Object.values(places), `${places.previous}.link`]) {
    rmSync(path, { force: true });
  }
  writeFileSync(places.program, "old program");
  writeFileSync(places.fresh, "new program");
}

const program = () => readFileSync(places.program, "utf8");

function install(disk: Disk): void {
  const step = { at: NOW, step: "staged", ...NEW, detail: "" } as const;
  writeMemory(disk, places, withStep(EMPTY_MEMORY, step));
  swapIn(disk, places, MARKER);
  writeMemory(disk, places, withStep(readMemory(disk, places), { ...step, step: "installed" }));
}

function commit(disk: Disk): void {
  writeMemory(disk, places, { ...readMemory(disk, places), previous: OLD });
  endTrial(disk, places);
}

function rollBack(disk: Disk): void {
  const at = { reason: "unwell", now: NOW, step: "rolled-back" } as const;
  writeMemory(disk, places, rejected(readMemory(disk, places), NEW, at));
  swapBack(disk, places);
}

/** How many operations of the disk a part of an update has. */
function lengthOf(act: (disk: Disk) => void): number {
  const disk = cutDisk(REAL_DISK, Number.POSITIVE_INFINITY);
  act(disk);
  return disk.used;
}

/** Runs until the power fails; true: it did. */
function cutAt(after: number, act: (disk: Disk) => void): boolean {
  try {
    act(cutDisk(REAL_DISK, after));
    return false;
  } catch (error) {
    if (error instanceof PowerCut) return true;
    throw error;
  }
}

/** After any cut, also while a start tidies up: a program that starts, and a clear state. */
function startsWell(name: string): void {
  for (let second = 0; second < 12; second++) {
    cutAt(second, (disk) => void settle(disk, places, NOW));
    expect([name, ["old program", "new program"].includes(program())]).toEqual([name, true]);
  }
  const settled = settle(REAL_DISK, places, NOW);
  const isBad = settled.memory.bad.some(({ sha256 }) => sha256 === NEW.sha256);
  if (isBad) expect([name, program()]).toEqual([name, "old program"]);
  expect(existsSync(places.fresh)).toBe(false);
  if (settled.kind === "trial") {
    expect(program()).toBe("new program");
    expect(readFileSync(places.previous, "utf8")).toBe("old program");
  } else {
    expect(existsSync(places.marker)).toBe(false);
  }
}

describe("a power cut before any operation of the disk", () => {
  const acts = {
    "of an installation": [install],
    "of a commit": [install, commit],
    "of a swap back": [install, rollBack],
  } as const;

  test.each(Object.entries(acts))("%s leaves a program that starts", (name, parts) => {
    const whole = (disk: Disk) => {
      for (const part of parts) part(disk);
    };
    const length = lengthOf(whole);
    expect(length).toBeGreaterThan(10);
    for (let after = 0; after < length; after++) {
      reset();
      expect(cutAt(after, whole)).toBe(true);
      expect(program()).toMatch(/^(old|new) program$/);
      startsWell(`${name}, cut before ${after}`);
    }
    reset();
    expect(cutAt(length, whole)).toBe(false);
  });
});

describe("settle()", () => {
  test("has nothing to do beside a program alone, and sweeps what was half built", () => {
    expect(settle(REAL_DISK, places, NOW)).toEqual({ kind: "settled", memory: EMPTY_MEMORY });
    expect(existsSync(places.fresh)).toBe(false);
  });

  test("goes on with a trial three times, counts before, then goes back for good", () => {
    install(REAL_DISK);
    for (const tries of [1, 2, 3]) {
      expect(settle(REAL_DISK, places, NOW)).toMatchObject({ kind: "trial", marker: { tries } });
    }
    const settled = settle(REAL_DISK, places, NOW);
    expect(settled.kind).toBe("restart");
    expect(program()).toBe("old program");
    expect(settled.memory.bad).toMatchObject([{ ...NEW, reason: "3 failed starts" }]);
    expect(settled.memory.steps.at(-1)).toMatchObject({ step: "rolled-back", release: 2 });
    expect(settle(REAL_DISK, places, NOW).kind).toBe("settled");
  });

  test("finishes a swap back that was cut off: the file is known to be bad", () => {
    install(REAL_DISK);
    writeMemory(REAL_DISK, places, withBad(readMemory(REAL_DISK, places), NEW, "unwell"));
    expect(settle(REAL_DISK, places, NOW).kind).toBe("restart");
    expect(program()).toBe("old program");
  });

  test("forgets a swap that did not happen, and says so", () => {
    writeMarker(REAL_DISK, places, MARKER);
    const settled = settle(REAL_DISK, places, NOW);
    expect(settled.kind).toBe("settled");
    expect(settled.memory.steps).toMatchObject([{ step: "interrupted", release: 2 }]);
    expect(settled.memory.bad).toEqual([]);
    expect(existsSync(places.marker)).toBe(false);
  });

  test("says that a release was staged and went no further", () => {
    const step = { at: NOW, step: "staged", release: 2, version: "0.2.0", detail: "" } as const;
    writeMemory(REAL_DISK, places, withStep(EMPTY_MEMORY, step));
    for (let start = 0; start < 2; start++) {
      const { memory } = settle(REAL_DISK, places, NOW);
      expect(memory.steps.map(({ step: name }) => name)).toEqual(["staged", "interrupted"]);
    }
  });

  test("believes the script of the service manager that put the file back", () => {
    writeFileSync(places.rescued, JSON.stringify(MARKER));
    const settled = settle(REAL_DISK, places, NOW);
    expect(settled.memory.bad).toMatchObject([NEW]);
    expect(settled.memory.steps).toMatchObject([{ step: "rolled-back" }]);
    expect(existsSync(places.rescued)).toBe(false);
    expect(settle(REAL_DISK, places, NOW).memory.steps).toHaveLength(1);
  });

  test("keeps a program that has nothing to go back to", () => {
    install(REAL_DISK);
    rmSync(places.previous);
    for (let start = 0; start < 5; start++) settle(REAL_DISK, places, NOW);
    expect(program()).toBe("new program");
    expect(existsSync(places.marker)).toBe(false);
  });

  test("a damaged marker or memory stops nothing", () => {
    install(REAL_DISK);
    writeFileSync(places.marker, "{");
    writeFileSync(places.memory, "\0\0\0");
    expect(settle(REAL_DISK, places, NOW)).toEqual({ kind: "settled", memory: EMPTY_MEMORY });
    expect(program()).toBe("new program");
  });
});
