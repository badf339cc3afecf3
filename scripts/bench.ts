/**
 * `make bench`: runs every tests/bench/*.bench.ts alone, one after the other, and prints the figures
 * against their bars. `--json` prints one object with machine and runtime. Arguments choose benches.
 */

import { cpus, totalmem } from "node:os";
import { join } from "node:path";
import type { Figure } from "../tests/bench/figure.ts";
import { buildTarget, hostTarget } from "./build.ts";
import { buildCore } from "./build-wasm.ts";

const ROOT = join(import.meta.dir, "..");

function isMet(figure: Figure): boolean | null {
  if (figure.bar === undefined) return null;
  return figure.atLeast === true ? figure.value >= figure.bar : figure.value <= figure.bar;
}

function row(figure: Figure): string {
  const met = isMet(figure);
  const digits = Math.abs(figure.value) < 10 ? 3 : 1;
  const bar =
    figure.bar === undefined ? "" : `${figure.atLeast === true ? ">=" : "<="} ${figure.bar}`;
  const verdict = met === null ? "" : met ? "met" : "MISSED";
  const value = `${figure.value.toFixed(digits)} ${figure.unit}`;
  return `${figure.name.padEnd(58)}${value.padStart(18)}   ${bar.padEnd(12)}${verdict}`;
}

async function runBench(path: string, json: boolean): Promise<Figure[]> {
  if (!json) console.log(`\n${path}`);
  const child = Bun.spawn([process.execPath, path], {
    cwd: ROOT,
    stdio: ["ignore", "pipe", "inherit"],
  });
  const figures: Figure[] = [];
  let rest = "";
  const decoder = new TextDecoder();
  for await (const bytes of child.stdout) {
    const chunk = decoder.decode(bytes, { stream: true });
    const lines = (rest + chunk).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      if (!line.startsWith("{")) continue;
      const figure: Figure = JSON.parse(line);
      figures.push(figure);
      if (!json) console.log(row(figure));
    }
  }
  if ((await child.exited) !== 0) throw new Error(`${path} failed`);
  return figures;
}

async function main(): Promise<void> {
  const json = process.argv.includes("--json");
  const wanted = process.argv.slice(2).filter((argument) => !argument.startsWith("--"));
  buildCore();
  await buildTarget(hostTarget(), join(ROOT, "dist"));
  const benches = [...new Bun.Glob("tests/bench/*.bench.ts").scanSync(ROOT)]
    .sort()
    .filter((path) => wanted.length === 0 || wanted.some((name) => path.includes(name)));
  const figures: Figure[] = [];
  for (const bench of benches) figures.push(...(await runBench(bench, json)));
  if (json) {
    const machine = { cpu: cpus()[0]?.model, cores: cpus().length, memory: totalmem() };
    console.log(JSON.stringify({ machine, bun: Bun.version, figures }, null, 2));
    return;
  }
  const missed = figures.filter((figure) => isMet(figure) === false);
  console.log(`\n${figures.length} figures, ${missed.length} bars missed`);
}

await main();
