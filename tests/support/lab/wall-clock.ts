/**
 * A wall clock for one agent that a test sets to and fro: the program starts in a mount namespace
 * whose /etc loads wall-step.c into every process, so that an environment built from scratch does
 * not lose it. The machine's clock is not touched.
 */

import { chmodSync, cpSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const SOURCE = join(import.meta.dir, "wall-step.c");

export interface WallClock {
  /** Command before the program. */
  readonly prefix: readonly string[];
  /** From the true time, in s; whole. */
  moveBy(seconds: number): void;
}

/** `folder`: the agent's users can enter it. Throws what the compiler complains of. */
export function wallClock(folder: string): WallClock {
  const etc = join(folder, "etc");
  mkdirSync(etc, { mode: 0o755 });
  cpSync("/etc", etc, { recursive: true, verbatimSymlinks: true });
  const library = join(etc, "wall-step.so");
  const compiler = ["gcc", "-shared", "-fPIC", "-O1", "-Wall", "-Wextra", "-o", library, SOURCE];
  const { exitCode, stderr } = Bun.spawnSync(compiler);
  if (exitCode !== 0) throw new Error(`wall-step.c: ${stderr.toString()}`);
  const step = join(etc, "wall-step");
  const moveBy = (seconds: number) =>
    // In place: it is mapped.
    writeFileSync(step, new Uint8Array(Float64Array.of(seconds).buffer), { flag: "r+" });
  writeFileSync(step, new Uint8Array(8));
  writeFileSync(join(etc, "ld.so.preload"), "/etc/wall-step.so\n");
  for (const file of [library, step]) chmodSync(file, 0o755);
  const enter = `mount --bind ${etc} /etc && exec "$@"`;
  return { prefix: ["unshare", "--mount", "sh", "-ec", enter, "sh"], moveBy };
}
