/**
 * `support-dump`: one archive with what somebody far away needs to know. Works without a running
 * agent and without a usable configuration: those are the days it is made for.
 */

import { readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { createReport } from "../../config/problem.ts";
import { readRoot } from "../../config/root.ts";
import { DEFAULT_STORAGE } from "../../config/storage.ts";
import { GIT, TARGET, VERSION } from "../../domain/version.ts";
import { createClock } from "../../io/clock.ts";
import { readConfigFiles } from "../../io/config-files.ts";
import { tarOf } from "../../io/tar.ts";
import { ask } from "../agent-client.ts";
import type { CommandInput } from "../command.ts";
import { EXIT } from "../command.ts";
import { effectiveConfig } from "../config-print.ts";
import { loadConfig, reportLines } from "../load-plan.ts";
import { runChecks } from "../self-test/self-test.ts";
import { socketPath } from "../socket-path.ts";
import type { Item } from "./collect.ts";
import { collect } from "./collect.ts";
import { dumpItems } from "./items.ts";
import { knownSecrets } from "./known-secrets.ts";
import { systemSources } from "./sources.ts";

const OUTPUT = "patronus-support.tar.gz";

export async function supportDump(input: CommandInput): Promise<number> {
  const output = input.text("output") ?? OUTPUT;
  const file = input.text("config");
  const socket = await socketPath(input);
  const items = [...ownItems(file), ...dumpItems(await pidsOf(socket))];
  const { entries, missing } = await collect(items, systemSources(socket), secretsOf(file));
  const seconds = Math.floor(createClock().wall() / 1_000);
  const manifest = {
    version: VERSION,
    git: GIT,
    target: TARGET,
    runtime: `bun ${Bun.version} ${Bun.revision}`,
    made_at: seconds,
    missing,
  };
  const bytes = new TextEncoder().encode(`${JSON.stringify(manifest, null, 2)}\n`);
  const archive = tarOf([{ name: "manifest.json", bytes }, ...entries], seconds);
  const problem = write(output, Bun.gzipSync(new Uint8Array(archive)));
  if (problem !== null) {
    console.error(`cannot write ${output}: ${problem}`);
    return EXIT.failure;
  }
  const absent = Object.keys(missing).length;
  console.log(`${output}: ${entries.length + 1} files, ${absent} not to be had (manifest.json)`);
  return EXIT.ok;
}

function ownItems(file: string | undefined): readonly Item[] {
  return [
    textItem("config/effective.yaml", () => {
      const printed = effectiveConfig(file, false);
      return printed.kind === "printed" ? printed.text : printed.lines.join("\n");
    }),
    textItem("config/problems.txt", () => {
      const loaded = loadConfig(file);
      if (loaded.kind === "none") return "no configuration";
      const problems = loaded.kind === "invalid" ? loaded.problems : [];
      return reportLines(problems, loaded.warnings).join("\n");
    }),
    textItem("self-test.json", async () => JSON.stringify(await runChecks(file), null, 2)),
    textItem("store/files.txt", () => storeFiles(file)),
  ];
}

function textItem(name: string, read: () => string | Promise<string>): Item {
  return { name, origin: { kind: "text", read } };
}

/** Names, sizes and times; history itself is the operator's to give. */
function storeFiles(file: string | undefined): string {
  const loaded = loadConfig(file);
  const path = loaded.kind === "config" ? loaded.config.storage.path : DEFAULT_STORAGE.path;
  const folder = dirname(path);
  const lines = readdirSync(folder).map((name) => {
    const { size, mtime, mode, uid } = statSync(join(folder, name));
    return `${(mode & 0o7777).toString(8)} uid ${uid} ${size} ${mtime.toISOString()} ${name}`;
  });
  return [folder, ...lines].join("\n");
}

function secretsOf(file: string | undefined): readonly string[] {
  const files = readConfigFiles({ path: file ?? null, environment: process.env });
  if (files.kind !== "files") return [];
  const parts = { sources: files.sources, environment: process.env, overrides: [] };
  const root = readRoot(parts, createReport());
  return root === null ? [] : knownSecrets(root);
}

/** Nobody answers: no pids. */
async function pidsOf(socket: string): Promise<Readonly<Record<string, number>>> {
  const answer = await ask(socket, "/api/v1/status");
  if (answer.kind === "failed") return {};
  const { processes } = answer.body as {
    processes: {
      supervisor_pid: number;
      controller: { pid: number | null };
      worker: { pid: number | null };
    } | null;
  };
  if (processes === null) return {};
  const { supervisor_pid: supervisor, controller, worker } = processes;
  const pids = { supervisor, controller: controller.pid, worker: worker.pid };
  return Object.fromEntries(
    Object.entries(pids).flatMap(([role, pid]) => (pid === null ? [] : [[role, pid]])),
  );
}

/** Only for the one who made it: what is not a secret is still nobody else's matter. */
function write(path: string, bytes: Uint8Array): string | null {
  try {
    rmSync(path, { force: true });
    writeFileSync(path, bytes, { mode: 0o600, flag: "wx" });
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
