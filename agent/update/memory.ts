/**
 * What a box remembers of updates for good: the newest release and key list it has seen, files that
 * failed here, what runs and what ran before, and the last steps for people. The supervisor alone
 * writes it; every change is a new value.
 */

import type { UpdateStep } from "../domain/update.ts";
import { UPDATE_STEPS } from "../domain/update.ts";
import type { Fields } from "./fields.ts";
import { readDocument } from "./fields.ts";
import { RELEASE_MAX } from "./manifest.ts";

export interface KnownFile {
  readonly release: number;
  readonly version: string;
  readonly sha256: string;
}

export interface BadFile extends KnownFile {
  readonly reason: string;
}

export interface UpdateMemory {
  readonly highestRelease: number;
  readonly keysVersion: number;
  /** Unix seconds: the newest moment that anything trusted was signed at. */
  readonly seenAt: number;
  /** No order goes below it. */
  readonly minRelease: number;
  /** Oldest first. */
  readonly bad: readonly BadFile[];
  /** The file before the one that runs; null: none is kept. */
  readonly previous: KnownFile | null;
  /** Oldest first; numbers grow by one. */
  readonly steps: readonly UpdateStep[];
  /** Number of the last step that the operators' journal has. */
  readonly noted: number;
}

export const EMPTY_MEMORY: UpdateMemory = {
  highestRelease: 0,
  keysVersion: 0,
  seenAt: 0,
  minRelease: 0,
  bad: [],
  previous: null,
  steps: [],
  noted: 0,
};

/** With both lists full it fits one frame of the control pair. */
const BAD_MAX = 16;
const STEPS_MAX = 16;
const REASON_MAX = 200;
const MEMORY_TYPE = "patronus-agent-update-memory";
const COUNT = { min: 0, max: Number.MAX_SAFE_INTEGER };
const RELEASE = { min: 0, max: RELEASE_MAX };

/** What a trusted release teaches, installed or not. */
export interface Sighting {
  readonly release: number;
  readonly minRelease: number;
  readonly keysVersion: number;
  readonly created: number;
}

export function withSighting(memory: UpdateMemory, seen: Sighting): UpdateMemory {
  return {
    ...memory,
    highestRelease: Math.max(memory.highestRelease, seen.release),
    minRelease: Math.max(memory.minRelease, seen.minRelease),
    keysVersion: Math.max(memory.keysVersion, seen.keysVersion),
    seenAt: Math.max(memory.seenAt, seen.created),
  };
}

/** Never to be tried again; the oldest of many are let go. */
export function withBad(memory: UpdateMemory, file: KnownFile, reason: string): UpdateMemory {
  const others = memory.bad.filter(({ sha256 }) => sha256 !== file.sha256);
  const { release, version, sha256 } = file;
  const entry = { release, version, sha256, reason: shortened(reason) };
  return { ...memory, bad: [...others, entry].slice(-BAD_MAX) };
}

export function withStep(memory: UpdateMemory, step: Omit<UpdateStep, "number">): UpdateMemory {
  const number = (memory.steps.at(-1)?.number ?? memory.noted) + 1;
  const entry = { ...step, detail: shortened(step.detail), number };
  return { ...memory, steps: [...memory.steps, entry].slice(-STEPS_MAX) };
}

export function withNoted(memory: UpdateMemory, number: number): UpdateMemory {
  const last = memory.steps.at(-1)?.number ?? memory.noted;
  return { ...memory, noted: Math.max(memory.noted, Math.min(number, last)) };
}

export function serializeMemory(memory: UpdateMemory): string {
  return `${JSON.stringify({ type: MEMORY_TYPE, ...memory }, null, 1)}\n`;
}

/** null: it is damaged. */
export function parseMemory(text: string): UpdateMemory | null {
  const read = readDocument(new TextEncoder().encode(text), readMemory);
  return read.kind === "ok" ? read.value : null;
}

function readMemory(fields: Fields): UpdateMemory {
  fields.text("type", new RegExp(`^${MEMORY_TYPE}$`));
  return {
    highestRelease: fields.whole("highestRelease", RELEASE),
    keysVersion: fields.whole("keysVersion", RELEASE),
    seenAt: fields.time("seenAt"),
    minRelease: fields.whole("minRelease", RELEASE),
    bad: fields.list("bad", BAD_MAX, (entry) => ({
      ...readFile(entry),
      reason: entry.text("reason"),
    })),
    previous: fields.isNull("previous") ? null : readFile(fields.inner("previous")),
    steps: fields.list("steps", STEPS_MAX, readStep),
    noted: fields.whole("noted", COUNT),
  };
}

function readFile(fields: Fields): KnownFile {
  return {
    release: fields.whole("release", RELEASE),
    version: fields.text("version"),
    sha256: fields.sha256("sha256"),
  };
}

function readStep(fields: Fields): UpdateStep {
  const name = fields.text("step");
  return {
    number: fields.whole("number", COUNT),
    at: fields.time("at"),
    step: UPDATE_STEPS.find((known) => known === name) ?? "refused",
    release: fields.whole("release", RELEASE),
    version: fields.text("version"),
    detail: fields.text("detail"),
  };
}

/** One line without control characters. */
function shortened(text: string): string {
  const line = text.replaceAll(/\p{Cc}+/gu, " ").trim();
  return line.length > REASON_MAX ? `${line.slice(0, REASON_MAX - 1)}…` : line;
}
