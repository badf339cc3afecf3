/**
 * What an update costs: octets for a changed line, for a new feature and for the whole file, time
 * and memory of the process that builds the new file. Prints one JSON line per figure. FULL=1 packs
 * the whole file as a release does, which takes a minute.
 */

import { copyFileSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { EMPTY_MEMORY } from "../../agent/update/memory.ts";
import type { UpdaterRequest } from "../../agent/updater/protocol.ts";
import { scratchFolder } from "../support/agent.ts";
import type { Patch } from "../support/update-site.ts";
import { UpdateSite } from "../support/update-site.ts";
import { printFigure } from "./figure.ts";

const LEVEL = process.env["FULL"] === "1" ? 19 : 3;
const DELTA_LEVEL = 19;
const POLL_MS = 5;

const LINE: Patch = {
  file: "agent/cli/commands.ts",
  from: "state of the running agent and its paths",
  to: "what the running agent and its paths are like",
};
const CONFIG = "agent/config/update.ts";
const FEATURE: readonly Patch[] = [
  {
    file: CONFIG,
    from: "export const DEFAULT_UPDATE",
    to: `const SEASONS = ["spring", "summer", "autumn", "winter"];
function seasonOf(month: number, isSouth: boolean): string {
  const at = Math.floor(((month + (isSouth ? 6 : 0)) % 12) / 3);
  if (month < 0 || month > 11) throw new RangeError(\`cannot tell the season of \${month}\`);
  return (SEASONS[at] ?? "none").padEnd(8, "-");
}
export const DEFAULT_UPDATE`,
  },
  {
    file: CONFIG,
    from: "  const base = DEFAULT_UPDATE;",
    to: `  if (seasonOf(3, root.map.entries.size > 100) === "never") throw new Error("no season");
  const base = DEFAULT_UPDATE;`,
  },
];

const scratch = scratchFolder();
const site = new UpdateSite(scratch);
try {
  const base = await site.build(1);
  const changes = [
    ["one line", 2, [LINE]],
    ["a feature", 3, FEATURE],
  ] as const;
  for (const [what, release, patches] of changes) {
    rmSync(join(site.folder, "stable"), { recursive: true, force: true });
    site.publish(1, base);
    const file = await site.build(release, patches);
    const change = { level: LEVEL, deltaLevel: DELTA_LEVEL };
    const [full, delta] = site.publish(release, file, change);
    printFigure({
      name: `${what}, delta`,
      unit: "kB",
      value: (delta?.octets ?? 0) / 1e3,
      bar: 1e3,
    });
    if (release === 2) {
      const packed = `whole file, zstd -${LEVEL}`;
      printFigure({ name: packed, unit: "MB", value: (full?.octets ?? 0) / 1e6 });
      await build("delta", base, `stable/2/linux-${process.arch}-from-1.delta`);
      await build("whole file", base, `stable/2/linux-${process.arch}.zst`);
    }
  }
} finally {
  await site.stop();
  rmSync(scratch, { recursive: true, force: true });
}

/** The updater as the supervisor starts it. */
async function build(what: string, base: string, payload: string): Promise<void> {
  const folder = join(scratch, "apply");
  mkdirSync(folder, { recursive: true });
  const program = join(folder, "patronus-agent");
  copyFileSync(base, program);
  const request: UpdaterRequest = {
    program,
    keysFile: null,
    task: {
      ...{ kind: "stage", channel: "stable", memory: EMPTY_MEMORY, selfTest: [] },
      now: Math.floor(Date.now() / 1_000),
    },
  };
  writeFileSync(join(folder, "request"), JSON.stringify(request));
  const documents = ["keys.json", "keys.json.minisig", "stable/manifest.json"];
  const opened = [...documents, "stable/manifest.json.minisig", payload].map((place) =>
    openSync(join(site.folder, place), "r"),
  );
  const started = performance.now();
  const updater = Bun.spawn([program, "updater"], {
    stdio: [openSync(join(folder, "request"), "r"), "pipe", "inherit", ...opened],
  });
  const watched = watchMemory(updater.pid);
  await updater.exited;
  printFigure({
    name: `${what}: verify, build, test`,
    unit: "ms",
    value: performance.now() - started,
  });
  printFigure({ name: `${what}: peak anonymous memory`, unit: "MB", value: watched() });
}

/** The peak so far, MB. */
function watchMemory(pid: number): () => number {
  let peak = 0;
  const timer = setInterval(() => {
    try {
      const text = readFileSync(`/proc/${pid}/status`, "utf8");
      peak = Math.max(peak, Number(/RssAnon:\s+(\d+)/.exec(text)?.[1] ?? 0));
    } catch {
      clearInterval(timer);
    }
  }, POLL_MS);
  return () => {
    clearInterval(timer);
    return peak / 1e3;
  };
}
