/** Hooks as programs that run: order, environment, timeout, output. */

import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Notices } from "../../agent/controller/hooks/notices.ts";
import type { HookConfig } from "../../agent/domain/hooks.ts";
import { NO_COORDINATION } from "../../agent/domain/hooks.ts";
import { unixMillis } from "../../agent/domain/units.ts";
import { createClock, createTimers } from "../../agent/io/clock.ts";
import { createHookRunner } from "../../agent/io/hooks/runner.ts";
import { writeTrackFile } from "../../agent/io/hooks/track-file.ts";
import { agentConfig, pathConfig } from "../support/configs.ts";
import { failoverEvent } from "../support/failover-events.ts";
import { FakeLog } from "../support/fake-log.ts";
import { isAlive } from "../support/processes.ts";

const clock = createClock();
const timers = createTimers(clock);
const AT = unixMillis(1_700_000_000_000);
let folder = "";

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "patronus-hooks-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function script(text: string): string {
  const file = join(folder, "hook.sh");
  writeFileSync(file, `#!/bin/sh\n${text}\n`);
  chmodSync(file, 0o755);
  return file;
}

async function until(ready: () => boolean): Promise<void> {
  for (let turn = 0; turn < 1_000 && !ready(); turn++) await Bun.sleep(5);
  expect(ready()).toBe(true);
}

function notices(...hooks: readonly Partial<HookConfig>[]) {
  const log = new FakeLog();
  const base = { on: ["completed"], exec: [], policy: null, timeout_secs: 10 } as const;
  const config = {
    ...agentConfig([pathConfig("fiber", ["192.0.2.1"])]),
    hooks: hooks.map((hook) => ({ ...base, ...hook })),
    coordination: NO_COORDINATION,
  };
  return { log, told: new Notices(config, { clock, timers, log }) };
}

const launch = (command: readonly string[], timeoutUs = 5_000_000) => ({
  command,
  environment: { PATH: "/usr/bin:/bin" },
  timeout: timeoutUs as Parameters<ReturnType<typeof createHookRunner>["run"]>[0]["timeout"],
});
const runner = () => createHookRunner({ clock, timers });

describe("hooks", () => {
  test("run in the order of the events, with the documented environment alone", async () => {
    const out = join(folder, "out");
    const exec = [script(`sleep 0.0$((5 - PATRONUS_EVENT_ID)); env | sort >> ${out}`)];
    const { told } = notices({ exec });
    for (const id of [1, 2, 3, 4]) told.take(failoverEvent(), id, AT);
    await until(() => told.counts.run === 4);
    const lines = readFileSync(out, "utf8").split("\n");
    const ids = lines.filter((line) => line.startsWith("PATRONUS_EVENT_ID="));
    expect(ids).toEqual([1, 2, 3, 4].map((id) => `PATRONUS_EVENT_ID=${id}`));
    const names = new Set(lines.filter((line) => line !== "").map((line) => line.split("=")[0]));
    const foreign = [...names].filter((name) => !name?.startsWith("PATRONUS_"));
    // PWD, OLDPWD, SHLVL and _ are the shell's own.
    expect(foreign.filter((name) => !["PWD", "OLDPWD", "SHLVL", "_"].includes(name ?? ""))).toEqual(
      ["LANG", "PATH"],
    );
  });

  test("that hang are killed with their process group, and the next one runs", async () => {
    const pid = join(folder, "pid");
    const exec = [script(`sleep 600 & echo $! > ${pid}; echo waiting; wait`)];
    const { told, log } = notices({ exec, timeout_secs: 1 }, { exec: ["/bin/true"] });
    told.take(failoverEvent(), 1, AT);
    await until(() => told.counts.run === 2);
    expect(log.lines.filter(({ level }) => level === "warn")).toMatchObject([
      { message: "hook timed out and was killed", fields: { output: "waiting" } },
    ]);
    const child = Number(readFileSync(pid, "utf8"));
    await until(() => !isAlive(child));
  });

  test("that fail are told with their code and the start of their output", async () => {
    const end = await runner().run(
      launch([script("echo broken >&2; head -c 1000000 /dev/zero | tr '\\0' x; exit 3")]),
    );
    expect(end).toMatchObject({ kind: "exited", code: 3 });
    const output = "output" in end ? end.output : "";
    expect(output).toContain("broken");
    expect(output.length).toBeLessThanOrEqual(2_048);
  });

  test("that leave a child behind are not waited for", async () => {
    const started = performance.now();
    const end = await runner().run(launch([script("sleep 3 & echo done")]));
    expect(end).toEqual({ kind: "exited", code: 0, output: "done" });
    expect(performance.now() - started).toBeLessThan(2_000);
  });

  test("that do not exist or may not be run are told as such", async () => {
    const missing = await runner().run(launch([join(folder, "missing")]));
    expect(missing).toMatchObject({ kind: "not-started" });
    const file = script("exit 0");
    chmodSync(file, 0o644);
    expect(await runner().run(launch([file]))).toMatchObject({ kind: "not-started" });
  });

  test("that die of a signal are told with it", async () => {
    const end = await runner().run(launch([script("kill -SEGV $$")]));
    expect(end).toMatchObject({ kind: "signalled", signal: "SIGSEGV" });
  });

  test("are killed at the stop", async () => {
    const { told } = notices({ exec: [script(`touch ${folder}/begun; sleep 600`)] });
    told.take(failoverEvent(), 1, AT);
    await until(() => existsSync(join(folder, "begun")));
    told.stop();
    await until(() => told.counts.run === 1);
  });
});

describe("writeTrackFile()", () => {
  test("replaces the file and leaves no other", () => {
    const file = join(folder, "wan");
    expect([writeTrackFile(file, 0), writeTrackFile(file, -30)]).toEqual([null, null]);
    expect(readFileSync(file, "utf8")).toBe("-30\n");
    expect(existsSync(join(folder, ".wan.new"))).toBe(false);
  });

  test("says why it cannot", () => {
    expect(writeTrackFile(join(folder, "none", "wan"), 0)).toContain("ENOENT");
  });
});
