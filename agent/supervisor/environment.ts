/**
 * The environment of our processes, built from scratch: BUN_*, NODE_* and LD_* variables run
 * foreign code in a compiled file, and none of them reaches a child. The JSC settings save wake-ups
 * (one garbage-collection marker, no concurrent collector): 16 to 2-8 context switches a second,
 * idle.
 */

import type { AgentConfig } from "../domain/config.ts";

const PASSED = ["PATH", "TERM", "NO_COLOR", "LANG", "TZ", "JOURNAL_STREAM", "TMPDIR", "COLUMNS"];
/** For the supervisor only: the children do not speak to the service manager. */
const SUPERVISOR_ONLY = ["NOTIFY_SOCKET", "WATCHDOG_USEC"];

const STEADY = {
  BUN_JSC_numberOfGCMarkers: "1",
  BUN_JSC_useConcurrentGC: "0",
  BUN_JSC_numberOfDFGCompilerThreads: "1",
  BUN_GC_TIMER_DISABLE: "1",
} as const;

/**
 * At a few probes a second a compiler costs more than it saves: its code pages and threads were 11
 * MB of PSS and four fifths of all CPU time. The JIT itself stays on, FFI needs it; no tier is
 * used.
 */
const INTERPRETED = {
  BUN_JSC_useBaselineJIT: "0",
  BUN_JSC_useDFGJIT: "0",
  BUN_JSC_useBBQJIT: "0",
  BUN_JSC_useOMGJIT: "0",
} as const;

/** Probes per second and paths up to which interpreting is the cheaper way. */
const QUIET_RATE = 100;
const QUIET_PATHS = 50;

export type Load = "quiet" | "busy";

export function loadOf(config: AgentConfig): Load {
  const rate = config.paths.reduce(
    (sum, { targets, health }) =>
      sum + (targets.length * health.probes_per_check) / health.check_interval_secs,
    0,
  );
  return rate <= QUIET_RATE && config.paths.length <= QUIET_PATHS ? "quiet" : "busy";
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * What the configuration may refer to, for the process that reads it again: everything but the
 * variables that would run foreign code in it. It stays in the supervisor, which starts no other
 * process with it.
 */
export function readerEnvironment(environment: Environment): Record<string, string> {
  const names = Object.keys(environment).filter((name) => !/^(BUN|NODE|LD)_/.test(name));
  return { ...pick(environment, names), ...STEADY };
}

/** Of the supervisor, which never has much to do. */
export function cleanEnvironment(environment: Environment): Record<string, string> {
  return { ...pick(environment, [...PASSED, ...SUPERVISOR_ONLY]), ...STEADY, ...INTERPRETED };
}

export function childEnvironment(environment: Environment, load: Load): Record<string, string> {
  return { ...pick(environment, PASSED), ...STEADY, ...(load === "quiet" ? INTERPRETED : {}) };
}

function pick(environment: Environment, names: readonly string[]): Record<string, string> {
  const picked: Record<string, string> = {};
  for (const name of names) {
    const value = environment[name];
    if (value !== undefined) picked[name] = value;
  }
  return picked;
}
