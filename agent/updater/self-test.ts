/**
 * Whether a file is a working program of this release on this box. The exit code says nothing: a
 * file with a damaged end behaves as the plain runtime and ends well. It must repeat our nonce
 * beside its version and target, and find no fault in the configuration, in FFI or in its core.
 */

export interface ExpectedProgram {
  readonly version: string;
  readonly target: string;
}

export interface SelfTestFault {
  readonly reason: string;
  /** The file is at fault, not the box. */
  readonly isFile: boolean;
}

const TIMEOUT_MS = 30_000;
const OUTPUT_MAX = 256 * 1024;
/** Without these nothing works; a port in use or a slow clock is no reason. */
const NEEDED = new Set(["ffi", "core", "config"]);

/** null: it works. `args`: behind `self-test`. */
export function selfTest(
  file: string,
  args: readonly string[],
  expected: ExpectedProgram,
): SelfTestFault | null {
  const nonce = crypto.randomUUID();
  let output: string;
  try {
    const command = [file, "self-test", "--json", "--nonce", nonce, ...args];
    const done = Bun.spawnSync(command, {
      ...{ stdin: "ignore", stdout: "pipe", stderr: "ignore" },
      ...{ timeout: TIMEOUT_MS, killSignal: "SIGKILL", maxBuffer: OUTPUT_MAX },
    });
    if (done.exitedDueToTimeout === true) {
      return fault(`the self-test did not end within ${TIMEOUT_MS / 1_000} s`);
    }
    if (done.signalCode !== undefined && done.signalCode !== null) {
      return fault(`the self-test was ended by ${done.signalCode}`);
    }
    output = done.stdout.toString();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return fault(`the new file cannot be run: ${reason}`);
  }
  return judgeOutput(output, nonce, expected);
}

export function judgeOutput(
  output: string,
  nonce: string,
  expected: ExpectedProgram,
): SelfTestFault | null {
  const answer = lastObject(output);
  if (answer?.get("nonce") !== nonce) {
    return fault("the self-test gave no answer of ours: the file is damaged");
  }
  for (const name of ["version", "target"] as const) {
    const told = answer.get(name);
    if (told !== expected[name]) {
      return fault(`the new file says ${name} ${String(told)}, want ${expected[name]}`);
    }
  }
  const failed = failedChecks(answer.get("checks")).find(({ name }) => NEEDED.has(name));
  if (failed === undefined) return null;
  const reason = `the self-test failed at ${failed.name}: ${failed.detail}`;
  return { reason, isFile: failed.name !== "config" };
}

function fault(reason: string): SelfTestFault {
  return { reason, isFile: true };
}

function lastObject(output: string): ReadonlyMap<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(output.trim().split("\n").at(-1) ?? "");
    return typeof value === "object" && value !== null ? new Map(Object.entries(value)) : null;
  } catch {
    return null;
  }
}

function failedChecks(checks: unknown): { readonly name: string; readonly detail: string }[] {
  if (!Array.isArray(checks)) return [];
  return checks.flatMap((check: unknown) => {
    if (typeof check !== "object" || check === null) return [];
    const fields = new Map<string, unknown>(Object.entries(check));
    if (fields.get("state") !== "failed") return [];
    return [{ name: String(fields.get("name")), detail: String(fields.get("detail")) }];
  });
}
