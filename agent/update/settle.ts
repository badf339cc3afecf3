/**
 * What a start finds of an update that was cut off, and what it does about it: go on with a trial,
 * finish a swap back, or forget one that never happened. Marker and sha256 decide, names never do.
 */

import type { UpdateStepName } from "../domain/update.ts";
import type { KnownFile, UpdateMemory } from "./memory.ts";
import { withBad, withStep } from "./memory.ts";
import type { ProgramPlaces } from "./places.ts";
import type { Disk, Marker } from "./program-files.ts";
import {
  endTrial,
  readMarker,
  readMemory,
  swapBack,
  sweep,
  writeMarker,
  writeMemory,
} from "./program-files.ts";
import { STARTS_MAX } from "./trial.ts";

export type Settled =
  /** Nothing is open. */
  | { readonly kind: "settled"; readonly memory: UpdateMemory }
  /** The program is the new file, and still has to prove itself. */
  | { readonly kind: "trial"; readonly memory: UpdateMemory; readonly marker: Marker }
  /** The program is another file now than the one that runs: start it. */
  | { readonly kind: "restart"; readonly memory: UpdateMemory };

const CUT_OFF = "cut off before the swap; it will be tried again";

/** `now`: Unix seconds. */
export function settle(disk: Disk, places: ProgramPlaces, now: number): Settled {
  sweep(disk, places);
  const memory = noteRescue(disk, places, readMemory(disk, places), now);
  if (!disk.exists(places.marker)) {
    return { kind: "settled", memory: noteCutOff({ disk, places, memory, now }) };
  }
  const marker = readMarker(disk, places.marker);
  const sha256 = disk.sha256(places.program);
  if (marker === null || sha256 !== marker.sha256) {
    return { kind: "settled", memory: forget({ disk, places, memory, now }, marker, sha256) };
  }
  const bad = memory.bad.find((file) => file.sha256 === sha256);
  if (bad === undefined && marker.tries < STARTS_MAX) {
    const tried = { ...marker, tries: marker.tries + 1 };
    writeMarker(disk, places, tried); // before anything of the new release runs
    return { kind: "trial", memory, marker: tried };
  }
  if (!disk.exists(places.previous)) {
    // Nothing to go back to: what runs is what there is.
    endTrial(disk, places);
    return { kind: "settled", memory };
  }
  const reason = `${STARTS_MAX} failed starts`;
  const known =
    bad === undefined ? rejected(memory, marker, { reason, now, step: "rolled-back" }) : memory;
  writeMemory(disk, places, known);
  swapBack(disk, places);
  return { kind: "restart", memory: known };
}

interface Place {
  readonly disk: Disk;
  readonly places: ProgramPlaces;
  readonly memory: UpdateMemory;
  readonly now: number;
}

/** A marker without its file: cut off before the swap, or after a swap back. */
function forget(place: Place, marker: Marker | null, sha256: string): UpdateMemory {
  const { disk, places, memory, now } = place;
  const wasRefused = memory.bad.some((file) => file.sha256 === marker?.sha256);
  let known = memory;
  if (marker !== null && !wasRefused && sha256 === marker.before.sha256) {
    const { release, version } = marker;
    const step = { at: now, step: "interrupted", release, version, detail: CUT_OFF } as const;
    known = withStep(memory, step);
    writeMemory(disk, places, known);
  }
  endTrial(disk, places);
  return known;
}

/** Staged was the last thing that was done: the power failed before the swap began. */
function noteCutOff({ disk, places, memory, now }: Place): UpdateMemory {
  const last = memory.steps.at(-1);
  if (last?.step !== "staged") return memory;
  const { release, version } = last;
  const step = { at: now, step: "interrupted", release, version, detail: CUT_OFF } as const;
  const known = withStep(memory, step);
  writeMemory(disk, places, known);
  return known;
}

/** The script of the service manager has put the file before back, because the new one was mute. */
function noteRescue(
  disk: Disk,
  places: ProgramPlaces,
  memory: UpdateMemory,
  now: number,
): UpdateMemory {
  if (!disk.exists(places.rescued)) return memory;
  const marker = readMarker(disk, places.rescued);
  let known = memory;
  if (marker !== null && !memory.bad.some(({ sha256 }) => sha256 === marker.sha256)) {
    const reason = "it could not be started; the service manager put the file before back";
    known = rejected(memory, marker, { reason, now, step: "rolled-back" });
    writeMemory(disk, places, known);
  }
  disk.remove(places.rescued);
  return known;
}

export interface Rejection {
  readonly reason: string;
  /** Unix seconds. */
  readonly now: number;
  readonly step: UpdateStepName;
}

/** Never again, and why. */
export function rejected(
  memory: UpdateMemory,
  file: KnownFile,
  { reason, now, step }: Rejection,
): UpdateMemory {
  const { release, version } = file;
  const noted = withStep(memory, { at: now, step, release, version, detail: reason });
  return withBad(noted, file, reason);
}
