/**
 * The environment of our processes, built from scratch: BUN_*, NODE_* and LD_* variables run
 * foreign code in a compiled file, and none of them reaches a child. The JSC settings save wake-ups
 * (one garbage-collection marker, no concurrent collector): 16 to 2-8 context switches a second,
 * idle.
 */

const PASSED = ["PATH", "TERM", "NO_COLOR", "LANG", "TZ", "JOURNAL_STREAM", "TMPDIR", "COLUMNS"];
/** For the supervisor only: the children do not speak to the service manager. */
const SUPERVISOR_ONLY = ["NOTIFY_SOCKET", "WATCHDOG_USEC"];

const ENGINE_SETTINGS = {
  BUN_JSC_numberOfGCMarkers: "1",
  BUN_JSC_useConcurrentGC: "0",
  BUN_JSC_numberOfDFGCompilerThreads: "1",
  BUN_GC_TIMER_DISABLE: "1",
} as const;

type Environment = Readonly<Record<string, string | undefined>>;

export function cleanEnvironment(environment: Environment): Record<string, string> {
  return { ...pick(environment, [...PASSED, ...SUPERVISOR_ONLY]), ...ENGINE_SETTINGS };
}

export function childEnvironment(environment: Environment): Record<string, string> {
  return { ...pick(environment, PASSED), ...ENGINE_SETTINGS };
}

function pick(environment: Environment, names: readonly string[]): Record<string, string> {
  const picked: Record<string, string> = {};
  for (const name of names) {
    const value = environment[name];
    if (value !== undefined) picked[name] = value;
  }
  return picked;
}
