/**
 * Ten paths in a control group of 64 MB: everything runs, nobody is killed. When a neighbour takes
 * what is left the agent says so, and takes it back. The program is copied inside of the group, so
 * that its pages count.
 */

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, readFileSync, rmdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { RunningAgent } from "../support/agent.ts";
import { startAgent } from "../support/agent.ts";
import type { LoopDisk } from "../support/loop-disk.ts";
import { makeLoopDisk } from "../support/loop-disk.ts";

const MB = 1_000_000;
const LIMIT = 64 * MB;
const PATHS = 10;
const DISK_MB = 200;
const QUIET_MS = 5_000;
/** One page in a while; a thrashing group reads thousands. */
const FAULTS_MAX = 200;
/** What the ballast leaves for the pages of the program, and for the kernel. */
const LEFT = 12 * MB;
/** Version 1 or 2 of the interface, where this process may make groups. */
const GROUPS = [
  { root: "/sys/fs/cgroup/memory", limit: "memory.limit_in_bytes", used: "memory.usage_in_bytes" },
  { root: "/sys/fs/cgroup", limit: "memory.max", used: "memory.current" },
] as const;
const found = GROUPS.map((group) => ({
  ...group,
  folder: join(group.root, `patronus-test-${process.pid}`),
})).find(isMade);
const reason = found === undefined ? " (skipped: may not make a memory control group)" : "";

function isMade({ folder, limit }: { readonly folder: string; readonly limit: string }): boolean {
  try {
    mkdirSync(folder);
    if (existsSync(join(folder, limit))) return true;
    rmdirSync(folder);
  } catch {
    // no right to
  }
  return false;
}

interface Status {
  readonly problems: readonly string[];
  readonly processes: { readonly worker: { readonly restarts: number } } | null;
  readonly memory: {
    readonly bound: string;
    readonly limit_bytes: number;
  } | null;
}

describe.skipIf(found === undefined)(`64 MB${reason}`, () => {
  const group = found ?? { folder: "", limit: "", used: "" };
  const file = (name: string) => join(group.folder, name);
  const used = () => Number(readFileSync(file(group.used), "utf8"));
  let agent: RunningAgent;
  let disk: LoopDisk;

  beforeAll(async () => {
    writeFileSync(file(group.limit), `${LIMIT}`);
    disk = makeLoopDisk(DISK_MB);
    const program = join(disk.folder, "agent");
    const enter = `echo $$ >${file("cgroup.procs")}`;
    // The path of the program comes first: its copy is what runs.
    const copy = `cp "$1" ${program}; sync ${program}; shift`;
    const paths = Array.from(
      { length: PATHS },
      (_, i) => `  - { id: p${i}, targets: ["127.0.0.${i + 2}"], profile: fast }`,
    );
    agent = startAgent({
      folder: disk.folder,
      config: `paths:\n${paths.join("\n")}\n`,
      prefix: ["sh", "-c", `${enter}; ${copy}; exec ${program} "$@"`, "sh"],
    });
    await agent.until("ready", async () => (await agent.get("/readyz")).ok, 30_000);
  }, 60_000);

  afterAll(async () => {
    await agent?.stop();
    disk?.remove();
    await agent?.sweep();
    for (let i = 0; i < 100 && existsSync(group.folder); i++) {
      try {
        rmdirSync(group.folder);
      } catch {
        await Bun.sleep(20); // the kernel still counts the last process
      }
    }
  });

  const status = () => agent.json<Status>("/api/v1/status");

  test("are enough for ten paths: all are up, nobody was killed, nothing is read again", async () => {
    const isUp = async () => {
      const { paths } = await agent.json<{ paths: { status: string }[] }>(
        "/api/v1/health/snapshot",
      );
      return paths.length === PATHS && paths.every((path) => path.status === "up");
    };
    await agent.until("ten paths up", isUp, 20_000);
    for (const path of ["/metrics", "/", "/api/v1/health/snapshot"]) await agent.get(path);
    const faults = () => Number(/^(?:total_)?pgmajfault (\d+)/m.exec(stat())?.[1]);
    const before = faults();
    await Bun.sleep(QUIET_MS);
    const { problems, processes, memory } = await status();
    const read = `${faults() - before} pages read again in ${QUIET_MS / 1_000} s`;
    process.stderr.write(`in use: ${(used() / MB).toFixed(1)} MB with page cache, ${read}\n`);
    expect(faults() - before).toBeLessThan(FAULTS_MAX);
    expect(problems.filter((text) => text.startsWith("memory"))).toEqual([]);
    expect(processes?.worker.restarts).toBe(0);
    expect(memory).toMatchObject({ bound: "control group" });
    expect(Math.abs((memory?.limit_bytes ?? 0) - LIMIT)).toBeLessThan(10_000);
  }, 40_000);

  test("pressure is a problem of the status while it lasts", async () => {
    const isSaid = async () => (await status()).problems.some((text) => text.includes("is short"));
    // Page cache gives way to the neighbour first: what is left for it is too little to live on.
    const held = Number(/^(?:total_rss|anon) (\d+)/m.exec(stat())?.[1]);
    const octets = LIMIT - held - LEFT;
    const ballast = `/dev/shm/patronus-test-${process.pid}`;
    const enter = `echo $$ >${file("cgroup.procs")}`;
    try {
      Bun.spawnSync(["sh", "-c", `${enter}; head -c ${octets} /dev/zero >${ballast}`]);
      await agent.until("the problem", isSaid, 30_000);
    } finally {
      rmSync(ballast, { force: true });
    }
    await agent.until("its end", async () => !(await isSaid()), 30_000);
    expect(agent.output).toContain("memory suffices again");
    expect((await status()).processes?.worker.restarts).toBe(0);
  }, 70_000);

  const stat = () => readFileSync(file("memory.stat"), "utf8");
});
