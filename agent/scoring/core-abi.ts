/**
 * The contract with the WASM core as the host sees it, and its verification. Offsets are read from
 * the module; what both sides index with is compared, so that a core of another version is refused
 * with words instead of wrong numbers.
 */

import { OUTCOME_KINDS } from "../domain/outcome.ts";
import { OUTCOME_SIZE, OUTCOMES_MAX } from "../wire/frame.ts";

/** The version of core-wasm/assembly/layout.ts that this host was written for. */
export const CORE_ABI = 4;

/** f64 columns of a series, in order. */
export const COLUMN_NAMES = [
  "score",
  "composite",
  "latency",
  "min",
  "max",
  "stddev",
  "p50",
  "p95",
  "p99",
  "loss",
  "jitter",
  "jitter-rfc3550",
  "pdv",
  "mos",
  "last-sent",
] as const;

export type ColumnName = (typeof COLUMN_NAMES)[number];

/** f64 fields of a profile, in order; each metric's threshold is followed by its critical value. */
export const PROFILE_NAMES = [
  ...["window", "min-samples"],
  ...["latency", "critical", "loss", "critical", "jitter", "critical"],
  ...["by-latency", "by-loss", "by-jitter"],
] as const;
export const PROFILE_FIELDS = PROFILE_NAMES.length;

/** u32 fields of a path's row: first series, series, k, profile. */
export const PATH_FIELDS = 4;

/** Regions in the order of the module's `offset`. */
export const REGION = {
  input: 0,
  series: 1,
  totals: 2,
  samples: 3,
  seriesStatus: 4,
  seriesLimiting: 5,
  pathScore: 6,
  pathChosen: 7,
  pathStatus: 8,
  pathLimiting: 9,
  touchedList: 10,
  paths: 11,
  profiles: 12,
  scratch: 13,
  rejected: 14,
  blob: 15,
} as const;

export interface CoreExports {
  readonly memory: WebAssembly.Memory;
  abiVersion(): number;
  shape(what: number): number;
  names(what: number): number;
  namesSize(what: number): number;
  offset(region: number): number;
  layOut(series: number, paths: number, profiles: number, outcomes: number): number;
  start(): number;
  ingest(count: number): number;
  resetPath(path: number): void;
  setHardDown(path: number, down: number): void;
  setBlocked(path: number, blocked: number): void;
  setExcluded(series: number, excluded: number): void;
  scoreOf(path: number, latency: number, loss: number, jitter: number): number;
  takeTally(path: number): number;
}

const FUNCTIONS = [
  "abiVersion",
  "shape",
  "names",
  "namesSize",
  "offset",
  "layOut",
  "start",
  "ingest",
  "resetPath",
  "setHardDown",
  "setBlocked",
  "setExcluded",
  "scoreOf",
  "takeTally",
] as const;

/** What `shape(i)` must answer. */
const SHAPE = [
  ["octets of a record", OUTCOME_SIZE],
  ["records of a batch", OUTCOMES_MAX],
  ["outcome kinds", OUTCOME_KINDS.length],
  ["columns of a series", COLUMN_NAMES.length],
  ["octets of a path", PATH_FIELDS * Uint32Array.BYTES_PER_ELEMENT],
  ["fields of a profile", PROFILE_FIELDS],
] as const;

/** What `names(i)` must answer. */
const NAMES = [
  ["columns of a series", COLUMN_NAMES],
  ["fields of a profile", PROFILE_NAMES],
] as const;

/** Instantiates and verifies the core. Throws an Error that names the first difference. */
export function openCore(bytes: Uint8Array<ArrayBuffer>): CoreExports {
  const exports = instantiate(bytes);
  if (!isCore(exports)) throw new Error("cannot use the core: an export is missing");
  const version = exports.abiVersion();
  if (version !== CORE_ABI) {
    throw new Error(`cannot use the core: its ABI is ${version}, this program wants ${CORE_ABI}`);
  }
  for (const [i, [what, want]] of SHAPE.entries()) {
    const got = exports.shape(i);
    if (got !== want) throw new Error(`cannot use the core: ${what} are ${got}, want ${want}`);
  }
  for (const [i, [what, names]] of NAMES.entries()) {
    const got = textOf(exports, i);
    const want = names.join(" ");
    if (got !== want) throw new Error(`cannot use the core: ${what} are "${got}", want "${want}"`);
  }
  return exports;
}

function instantiate(bytes: Uint8Array<ArrayBuffer>): object {
  try {
    return new WebAssembly.Instance(new WebAssembly.Module(bytes), {}).exports;
  } catch (cause) {
    const message = `cannot use the core: ${bytes.byteLength} octets are not a module of ours`;
    throw new Error(message, { cause });
  }
}

function isCore(exports: object): exports is CoreExports {
  const named: Record<string, unknown> = { ...exports };
  return (
    named["memory"] instanceof WebAssembly.Memory &&
    FUNCTIONS.every((name) => typeof named[name] === "function")
  );
}

function textOf(core: CoreExports, what: number): string {
  const text = new Uint8Array(core.memory.buffer, core.names(what), core.namesSize(what));
  return new TextDecoder("utf-16le").decode(text);
}
