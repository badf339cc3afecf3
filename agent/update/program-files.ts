/**
 * The files around the program, and the steps of a swap in their order. Every step leaves a file at
 * the program's place that starts: the old one or the new one. `Disk` is the seam where tests cut
 * the power.
 */

import { readDocument } from "./fields.ts";
import { RELEASE_MAX } from "./manifest.ts";
import type { KnownFile, UpdateMemory } from "./memory.ts";
import { EMPTY_MEMORY, parseMemory, serializeMemory } from "./memory.ts";
import type { ProgramPlaces } from "./places.ts";

/** Durable: what a call has done survives a power cut once `sync` of the folder returned. */
export interface Disk {
  exists(path: string): boolean;
  /** null: there is none, or it is too large to be ours. */
  readText(path: string): string | null;
  /** Temp file, fsync, rename, fsync of the folder. */
  replaceText(path: string, text: string): void;
  /** A second name for the same file; a copy where the file system has no links. */
  link(path: string, name: string): void;
  rename(from: string, to: string): void;
  remove(path: string): void;
  syncFolder(path: string): void;
  sha256(path: string): string;
}

/** Two names of a link in the making. */
const LINKING = ".link";

export interface Marker extends KnownFile {
  /** What runs if the new file does not. */
  readonly before: KnownFile;
  /** Starts of a supervisor in this trial. */
  readonly tries: number;
  readonly answering: number;
}

export function readMemory(disk: Disk, { memory }: ProgramPlaces): UpdateMemory {
  const text = disk.readText(memory);
  return (text === null ? null : parseMemory(text)) ?? EMPTY_MEMORY;
}

export function writeMemory(disk: Disk, places: ProgramPlaces, memory: UpdateMemory): void {
  disk.replaceText(places.memory, serializeMemory(memory));
}

export function writeMarker(disk: Disk, places: ProgramPlaces, marker: Marker): void {
  disk.replaceText(places.marker, `${JSON.stringify(marker)}\n`);
}

/** null: no trial, or a marker that says nothing. */
export function readMarker(disk: Disk, path: string): Marker | null {
  const text = disk.readText(path);
  if (text === null) return null;
  const count = { min: 0, max: RELEASE_MAX };
  const read = readDocument(new TextEncoder().encode(text), (fields) => {
    const before = fields.inner("before");
    const file = (of: typeof fields): KnownFile => ({
      release: of.whole("release", count),
      version: of.text("version"),
      sha256: of.sha256("sha256"),
    });
    const [tries, answering] = [fields.whole("tries", count), fields.whole("answering", count)];
    return { ...file(fields), before: file(before), tries, answering };
  });
  return read.kind === "ok" ? read.value : null;
}

/** The tested new file becomes the program. No moment without a program. */
export function swapIn(disk: Disk, places: ProgramPlaces, marker: Marker): void {
  const linking = `${places.previous}${LINKING}`;
  disk.remove(linking);
  disk.link(places.program, linking);
  disk.rename(linking, places.previous);
  disk.remove(places.wayBack);
  writeMarker(disk, places, marker);
  disk.rename(places.fresh, places.program);
  disk.syncFolder(places.program);
}

/** The file before becomes the program again; the memory already says why. */
export function swapBack(disk: Disk, places: ProgramPlaces): void {
  disk.rename(places.previous, places.program);
  disk.syncFolder(places.program);
  disk.remove(places.marker);
  disk.syncFolder(places.program);
}

/** Ends a trial well; the memory already says so. */
export function endTrial(disk: Disk, places: ProgramPlaces): void {
  disk.remove(places.marker);
  disk.syncFolder(places.program);
}

/** What a half-done update has left; never trusted, quick to make again. */
export function sweep(disk: Disk, places: ProgramPlaces): void {
  disk.remove(places.fresh);
  disk.remove(`${places.previous}${LINKING}`);
}
