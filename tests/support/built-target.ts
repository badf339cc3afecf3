/** Builds the program for a target that is not the machine's own. */

import { join } from "node:path";

const ROOT = join(import.meta.dir, "../..");

/** Path of the file below `folder`. A process of its own: the builder is a script. */
export function builtTarget(target: string, folder: string): string {
  const script = `
    import { buildTarget, TARGETS } from ${JSON.stringify(join(ROOT, "scripts/build.ts"))};
    const target = TARGETS.find(({ name }) => name === ${JSON.stringify(target)});
    console.log(await buildTarget(target, ${JSON.stringify(folder)}));`;
  const { exitCode, stdout, stderr } = Bun.spawnSync([process.execPath, "-e", script], {
    cwd: ROOT,
  });
  if (exitCode !== 0) throw new Error(stderr.toString());
  return stdout.toString().trim().split("\n").at(-1) ?? "";
}
