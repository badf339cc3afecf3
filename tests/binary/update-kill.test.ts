/**
 * kill -9 of the supervisor before any of the system calls that change files during an update: what
 * is left always starts, and the update can be done again. strace does the killing at the exact
 * call. The quick form takes some of the calls, FULL=1 every one of them.
 */

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { rmSync } from "node:fs";
import { scratchFolder } from "../support/agent.ts";
import { UpdateBox } from "../support/update-box.ts";
import { UpdateSite } from "../support/update-site.ts";

const FULL = Bun.env["FULL"] === "1";

interface Cut {
  readonly call: string;
  /** Before the N-th of them. */
  readonly nth: number;
}

/** Of an update from the order to the commit, as the supervisor's main thread makes them. */
const CALLS = { rename: 10, link: 1, unlink: 13, fsync: 16, execve: 2 } as const;
const EVERY: readonly Cut[] = Object.entries(CALLS).flatMap(([call, count]) =>
  Array.from({ length: count }, (_, i) => ({ call, nth: i + 1 })),
);
/** Around the swap: before .prev, before the marker, before and after the new file is in place. */
const SOME: readonly Cut[] = [
  { call: "rename", nth: 2 },
  { call: "rename", nth: 3 },
  { call: "rename", nth: 4 },
  { call: "fsync", nth: 5 },
  { call: "rename", nth: 5 },
];

let scratch: string;
let site: UpdateSite;
let first: string;

beforeAll(async () => {
  scratch = scratchFolder();
  site = new UpdateSite(scratch);
  first = await site.build(1);
  site.publish(1, first);
  site.publish(2, await site.build(2));
}, 120_000);

afterAll(async () => {
  await site?.stop();
  rmSync(scratch, { recursive: true, force: true });
});

/** Kills the process before its N-th call of this name; ready when it answers. */
async function armCut(pid: number, { call, nth }: Cut) {
  const strace = Bun.spawn(
    [
      ...["strace", "-p", String(pid), "-o", "/dev/null", "-e", `trace=${call}`],
      ...["-e", `inject=${call}:signal=SIGKILL:when=${nth}`],
    ],
    { stdio: ["ignore", "ignore", "pipe"] },
  );
  for await (const chunk of strace.stderr) {
    if (new TextDecoder().decode(chunk).includes("attached")) break;
  }
  return strace;
}

async function survives(cut: Cut): Promise<void> {
  const box = new UpdateBox(first, { url: site.url });
  try {
    box.start();
    await box.ready();
    const { process: supervisor } = box.running;
    const strace = await armCut(supervisor.pid, cut);
    const applied = box.update("apply", "--any-path", "--wait");
    const isKilled = await Promise.race([
      supervisor.exited.then(() => true),
      applied.then(() => false),
    ]);
    strace.kill();
    if (isKilled) {
      expect(supervisor.signalCode).toBe("SIGKILL");
      box.start();
    }
    await box.ready();
    const { release } = (await box.body()).running;
    expect([1, 2]).toContain(release);
    await applied;
    // Whatever it was: the trial goes on, or the update is done again.
    await box.running.until("at rest", async () => (await box.body()).activity === "idle", 30_000);
    const again = await box.update("apply", "--any-path", "--wait");
    expect([again.code, again.err]).toEqual([0, ""]);
    const body = await box.settled(2);
    expect(body.refused).toEqual([]);
    for (const suffix of [".trial", ".new", ".prev.link"]) expect(box.has(suffix)).toBe(false);
  } finally {
    await box.sweep();
  }
}

describe("a supervisor that is killed", () => {
  test.each([...(FULL ? EVERY : SOME)])(
    "before its $call number $nth starts again and updates",
    survives,
    90_000,
  );

  test("during each of its starts in a trial goes back after the third", async () => {
    const box = new UpdateBox(first, { url: site.url, trial: "60s" });
    try {
      box.start();
      await box.ready();
      const applied = await box.update("apply", "--any-path");
      expect(applied.code).toBe(0);
      for (let start = 0; start < 4; start++) {
        box.running.process.kill("SIGKILL");
        await box.running.process.exited;
        box.start();
        await box.ready();
        const { running } = await box.body();
        expect([start, running.release]).toEqual([start, start < 3 ? 2 : 1]);
      }
      const body = await box.settled(1);
      expect(body.steps.at(-1)).toMatchObject({ step: "rolled-back", detail: "3 failed starts" });
      expect(body.refused).toMatchObject([{ release: 2 }]);
    } finally {
      await box.sweep();
    }
  }, 60_000);

  test("leaves its last net: the script of the service manager puts the file back", async () => {
    const box = new UpdateBox(first, { url: site.url, trial: "60s" });
    try {
      box.start();
      await box.ready();
      expect((await box.update("apply", "--any-path")).code).toBe(0);
      box.running.process.kill("SIGKILL");
      await box.running.process.exited;
      const script = `${import.meta.dir}/../../agent/cli/install/assets/rollback.sh`;
      const folder = box.program.replace(/\/[^/]+$/, "");
      expect(Bun.spawnSync(["sh", script, folder]).exitCode).toBe(0);
      box.start();
      await box.ready();
      const body = await box.settled(1);
      expect(body.steps.at(-1)).toMatchObject({ step: "rolled-back", release: 2 });
      expect(body.refused[0]?.reason).toContain("service manager");
    } finally {
      await box.sweep();
    }
  }, 60_000);
});
