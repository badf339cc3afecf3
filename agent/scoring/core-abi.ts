/**
 * The contract with the WASM core as the host sees it, and its verification. Offsets are read from
 * the module; what both sides index with is compared, so that a core of another version is refused
 * with words instead of wrong numbers.
 */

import { OUTCOME_KINDS } from "../domain/outcome.ts";
import { OUTCOME_SIZE, OUTCOMES_MAX } from "../wire/frame.ts";

/** The version of core-wasm/assembly/layout.ts that this host was written for. */
export const CORE_ABI = 1;
export const SERIES_COLUMNS = 15;
export const CONFIG_FIELDS = 14;

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
  config: 11,
  scratch: 12,
} as const;

export interface CoreExports {
  readonly memory: WebAssembly.Memory;
  abiVersion(): number;
  shape(what: number): number;
  offset(region: number): number;
  layOut(series: number, paths: number, window: number): number;
  start(): void;
  ingest(count: number): number;
  readonly rejected: WebAssembly.Global;
  resetPath(path: number): void;
  setHardDown(path: number, down: number): void;
  scoreOf(path: number, latency: number, loss: number, jitter: number): number;
}

const FUNCTIONS = [
  "abiVersion",
  "shape",
  "offset",
  "layOut",
  "start",
  "ingest",
  "resetPath",
  "setHardDown",
  "scoreOf",
] as const;

/** What `shape(i)` must answer. */
const SHAPE = [
  ["octets of a record", OUTCOME_SIZE],
  ["records of a batch", OUTCOMES_MAX],
  ["outcome kinds", OUTCOME_KINDS.length],
  ["columns of a series", SERIES_COLUMNS],
  ["fields of a path", CONFIG_FIELDS],
] as const;

/** Instantiates and verifies the core. Throws an Error that names the first difference. */
export function openCore(bytes: Uint8Array<ArrayBuffer>): CoreExports {
  const exports: object = new WebAssembly.Instance(new WebAssembly.Module(bytes), {}).exports;
  if (!isCore(exports)) throw new Error("cannot use the core: an export is missing");
  const version = exports.abiVersion();
  if (version !== CORE_ABI) {
    throw new Error(`cannot use the core: its ABI is ${version}, this program wants ${CORE_ABI}`);
  }
  for (const [i, [what, want]] of SHAPE.entries()) {
    const got = exports.shape(i);
    if (got !== want) throw new Error(`cannot use the core: ${what} are ${got}, want ${want}`);
  }
  return exports;
}

function isCore(exports: object): exports is CoreExports {
  const named: Record<string, unknown> = { ...exports };
  return (
    named["memory"] instanceof WebAssembly.Memory &&
    named["rejected"] instanceof WebAssembly.Global &&
    FUNCTIONS.every((name) => typeof named[name] === "function")
  );
}
