/**
 * The file for musl on a tree as bare as OpenWrt's: musl, its libstdc++, no shell. It is copied
 * there, installs itself, is started as procd would start it, probes and ends.
 */

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { copyFileSync, lstatSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { bareTree, startInTree, statusInTree } from "../support/bare-tree.ts";
import { builtTarget } from "../support/built-target.ts";

const ROOT = join(import.meta.dir, "../..");
const isPossible = process.getuid?.() === 0 && process.arch === "x64";
const reason = isPossible ? "" : " (skipped: needs root on x64)";
const FOLDERS = ["dev", "proc", "run", "tmp", "opt", "usr/bin", "usr/lib", "lib", "etc/init.d"];
const LIBSTDCXX = "usr/lib/libstdc++.so.6";

let root = "";

function run(command: readonly string[]) {
  const { exitCode, stdout, stderr } = Bun.spawnSync([...command], { cwd: ROOT });
  return { exitCode, out: stdout.toString(), err: stderr.toString() };
}

function succeed(command: readonly string[]): string {
  const { exitCode, out, err } = run(command);
  if (exitCode !== 0) throw new Error(`${command.join(" ")}: ${err}`);
  return out.trim();
}

const inTree = (...command: readonly string[]) => run(["chroot", root, ...command]);

describe.skipIf(!isPossible)(`linux-x64-musl${reason}`, () => {
  beforeAll(() => {
    root = bareTree(FOLDERS);
    const program = builtTarget("linux-x64-musl", join(root, "tmp"));
    const libraries = succeed(["scripts/foreign-libc.sh", "linux-x64-musl"]);
    const loader = join(root, "lib/ld-musl-x86_64.so.1");
    copyFileSync(join(libraries, "lib/x86_64-linux-musl/libc.so"), loader);
    succeed(["scripts/musl-libstdcxx.sh", program, join(root, LIBSTDCXX)]);
    writeFileSync(join(root, "etc/openwrt_release"), "DISTRIB_ID='OpenWrt'\n");
  }, 240_000);

  afterAll(() => rmSync(root, { recursive: true, force: true }));

  test("without libstdc++ it does not start, and the loader names what is missing", () => {
    const [library, away] = [join(root, LIBSTDCXX), join(root, "tmp/away")];
    renameSync(library, away);
    const { exitCode, err } = inTree("/tmp/patronus-agent", "version");
    renameSync(away, library);
    expect(exitCode).not.toBe(0);
    expect(err).toContain("libstdc++.so.6");
  });

  test("its self-test calls libc, opens sockets, runs the core and a database", () => {
    const { out } = inTree("/tmp/patronus-agent", "self-test", "--json");
    const { checks } = JSON.parse(out) as { checks: { name: string; state: string }[] };
    const state = (name: string) => checks.find((one) => one.name === name)?.state;
    const names = ["ffi", "icmp4", "udp", "core", "store"];
    expect(names.map(state)).toEqual(names.map(() => "ok"));
  });

  test("it installs itself for procd, and says what it cannot look at", () => {
    const { exitCode, out, err } = inTree("/tmp/patronus-agent", "install");
    // Nothing is mounted at this tree's /proc.
    expect(out + err).toContain("cannot read /proc/self/mounts, is /proc mounted?");
    expect([exitCode, out + err]).toEqual([0, expect.any(String)]);
    expect(lstatSync(join(root, "etc/init.d/patronus-agent")).mode & 0o777).toBe(0o755);
    expect(inTree("/usr/bin/patronus-agent", "version").out).toContain("linux-x64-musl");
  });

  test("all three processes run with users of their own, probe, and end", async () => {
    const config = "paths: [{ id: lo, targets: [127.0.0.1], profile: fast }]\n";
    mkdirSync(join(root, "etc/patronus"), { recursive: true });
    writeFileSync(join(root, "etc/patronus/agent.yaml"), config);
    const agent = startInTree(root, "/usr/bin/patronus-agent run");
    try {
      const { processes } = await statusInTree(root, agent);
      expect(processes?.separation).toBe("users");
      let status = "";
      for (let i = 0; i < 100 && status !== "up"; i++) {
        await Bun.sleep(50);
        status = await statusOfPath(join(root, "run/patronus/agent.sock"));
      }
      expect(status).toBe("up");
    } finally {
      agent.kill("SIGTERM");
    }
    expect(await agent.exited).toBe(0);
  }, 30_000);
});

async function statusOfPath(socket: string): Promise<string> {
  const answer = await fetch("http://agent/api/v1/health/paths/lo", { unix: socket });
  return ((await answer.json()) as { status: string }).status;
}
