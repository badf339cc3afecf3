/**
 * What the agent cannot do with the rights that it was given, in words for the operator. The
 * worker names by itself what its sockets lack; here is what is known before any socket is tried.
 */

import type { AgentConfig } from "../domain/config.ts";
import { ffiProblem } from "../worker/libc.ts";

const CAP_NET_ADMIN = 12;

/** sysexits.h EX_CONFIG: the units do not start us again for it. */
export const EXIT_UNUSABLE = 78;

/** Sentences for status and log; `effective` is the supervisor's capability set. */
export function degradedModes(config: AgentConfig, effective: number): string[] {
  const routed = config.policies.filter(({ enabled, route }) => enabled && route !== null);
  if (routed.length === 0 || (effective & (1 << CAP_NET_ADMIN)) !== 0) return [];
  return [
    "routes are not changed: CAP_NET_ADMIN is missing; policies only decide and report " +
      `(${routed.map(({ name }) => name).join(", ")})`,
  ];
}

/** A second start with a clean environment is tried once. */
const RETRIED = "PATRONUS_JIT_RETRIED";

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Without the JIT there is no FFI and so no socket of ours. Where the environment switched it off,
 * the same program starts again without those variables; else answers with what is wrong, for the
 * operator. null: FFI works.
 */
export function withoutFfi(command: readonly string[], args: readonly string[]): string | null {
  const problem = ffiProblem();
  const [program] = command;
  if (problem === null || program === undefined) return problem;
  const environment = withoutJscOptions(process.env);
  if (environment !== null) {
    process.execve?.(program, [...command, "run", ...args], environment);
  }
  return problem;
}

/** null: nothing in it concerns the JIT, or it was tried already. */
export function withoutJscOptions(environment: Environment): Record<string, string> | null {
  const kept: Record<string, string> = {};
  let dropped = 0;
  for (const [name, value] of Object.entries(environment)) {
    if (/^BUN_(JSC_|OPTIONS)/.test(name)) dropped++;
    else if (value !== undefined) kept[name] = value;
  }
  if (dropped === 0 || environment[RETRIED] !== undefined) return null;
  return { ...kept, [RETRIED]: "1" };
}
