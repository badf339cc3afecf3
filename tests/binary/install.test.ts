/**
 * The compiled file put onto a bare tree: installed, installed again, started there as its service
 * manager would, and removed without a trace. The tree has a C library and a user database, no
 * more.
 */

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import {
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { FILE } from "../support/agent.ts";
import { bareTree, startInTree, statusInTree } from "../support/bare-tree.ts";

const isRoot = process.getuid?.() === 0;
const reason = isRoot ? "" : " (skipped: needs root)";

const FOLDERS = [
  ...["dev", "proc", "run", "tmp", "opt", "usr/bin", "var/lib"],
  ...["etc/systemd/system", "usr/lib/systemd/system"],
];

let root: string;
let before: readonly string[];

beforeAll(() => {
  root = bareTree(FOLDERS);
  for (const library of librariesOf(FILE)) {
    mkdirSync(dirname(join(root, library)), { recursive: true });
    copyFileSync(library, join(root, library));
  }
  before = tree();
});

afterAll(() => rmSync(root, { recursive: true, force: true }));

function librariesOf(program: string): string[] {
  const { stdout } = Bun.spawnSync(["ldd", program]);
  return [...stdout.toString().matchAll(/(\/\S+) \(0x/g)].map(([, path = ""]) => path);
}

/** Every entry with its mode, owner and content. */
function tree(folder = root): string[] {
  return readdirSync(folder)
    .sort()
    .flatMap((name) => {
      const path = join(folder, name);
      const stat = lstatSync(path);
      const head = `${path.slice(root.length)} ${stat.mode.toString(8)} ${stat.uid}:${stat.gid}`;
      if (stat.isSymbolicLink()) return [`${head} -> ${readlinkSync(path)}`];
      if (stat.isDirectory()) return [head, ...(["proc", "dev"].includes(name) ? [] : tree(path))];
      return [`${head} ${Bun.hash(readFileSync(path))}`];
    });
}

function run(...args: readonly string[]) {
  const { exitCode, stdout, stderr } = Bun.spawnSync([FILE, ...args], { cwd: "/" });
  return { exitCode, out: stdout.toString(), err: stderr.toString() };
}

describe.skipIf(!isRoot)(`install${reason}`, () => {
  test("--dry-run says what it would do and does none of it", () => {
    const { exitCode, out } = run("install", "--root", root, "--systemd", "--dry-run");
    expect(exitCode).toBe(0);
    expect(out).toContain("would make    /opt/patronus/patronus-agent\n");
    expect(tree()).toEqual([...before]);
  });

  test("makes users, folders, program, link and units, and says what comes next", () => {
    const { exitCode, out, err } = run("install", "--root", root);
    expect([exitCode, err]).toEqual([0, ""]);
    expect(out).toContain("next: patronus-agent init -o /etc/patronus/agent.yaml");
    expect(out).toContain("next: systemctl start patronus-agent");
    expect(readFileSync(join(root, "etc/passwd"), "utf8")).toMatch(
      /^patronus:x:999:.*\npatronus-net:x:998:.*\npatronus-super:x:997:999:/m,
    );
    expect(lstatSync(join(root, "var/lib/patronus")).mode & 0o7777).toBe(0o770);
    expect(lstatSync(join(root, "opt/patronus/patronus-agent")).uid).toBe(997);
    const unit = readFileSync(join(root, "etc/systemd/system/patronus-agent.service"), "utf8");
    expect(unit).toContain("ExecStart=/opt/patronus/patronus-agent run");
    expect(unit).not.toContain("@PREFIX@");
  });

  test("a second run changes nothing, and one after a change repairs it", () => {
    const installed = tree();
    const again = run("install", "--root", root);
    expect(again.out.split("\n").filter((line) => /^(made|changed)/.test(line))).toEqual([]);
    expect(tree()).toEqual(installed);
    writeFileSync(join(root, "opt/patronus/rollback.sh"), "broken");
    expect(run("install", "--root", root).out).toContain("changed       /opt/patronus/rollback.sh");
    expect(tree()).toEqual(installed);
  });

  test("the units are hardened: systemd-analyze finds at most 2.5 of exposure", () => {
    const analyze = Bun.which("systemd-analyze");
    if (analyze === null) throw new Error("needs systemd-analyze (Debian package systemd)");
    for (const unit of ["patronus-agent", "patronus-rollback"]) {
      const file = join(root, `etc/systemd/system/${unit}.service`);
      const { stdout } = Bun.spawnSync([analyze, "security", "--offline=true", file]);
      const exposure = /exposure level for \S+: (\d+\.\d)/.exec(stdout.toString())?.[1];
      expect(Number(exposure)).toBeLessThanOrEqual(2.5);
    }
  });

  test("the program runs in that tree with users of its own, and answers", async () => {
    const config = join(root, "etc/patronus/agent.yaml");
    writeFileSync(config, "paths: [{ id: lo, targets: [127.0.0.1], profile: fast }]\n");
    const agent = startInTree(root, "/usr/bin/patronus-agent run");
    try {
      const status = await statusInTree(root, agent);
      expect(status.problems).toEqual([]);
      expect(status.processes?.separation).toBe("users");
      const owner = lstatSync(join(root, "var/lib/patronus/patronus.db")).uid;
      expect(owner).toBe(999);
    } finally {
      agent.kill("SIGTERM");
      await agent.exited;
    }
  }, 30_000);

  test("uninstall leaves configuration and history, --purge leaves nothing", () => {
    expect(run("uninstall", "--root", root).out).toContain("--purge removes them");
    expect(existsSync(join(root, "opt/patronus/patronus-agent"))).toBe(false);
    expect(existsSync(join(root, "var/lib/patronus/patronus.db"))).toBe(true);
    expect(run("install", "--root", root).exitCode).toBe(0);
    expect(run("uninstall", "--root", root, "--purge").exitCode).toBe(0);
    // What the running agent made below /run is gone with a reboot.
    rmSync(join(root, "run/patronus"), { recursive: true, force: true });
    expect(tree()).toEqual([...before]);
    expect(run("uninstall", "--root", root).exitCode).toBe(1);
  });

  test("for OpenWrt: an init script, and history beside the program", () => {
    writeFileSync(join(root, "etc/openwrt_release"), "DISTRIB_ID='OpenWrt'\n");
    const { exitCode, out } = run("install", "--root", root);
    expect(exitCode).toBe(0);
    expect(out).toContain("storage.path: /opt/patronus/state/patronus.db");
    const script = join(root, "etc/init.d/patronus-agent");
    expect(lstatSync(script).mode & 0o777).toBe(0o755);
    expect(Bun.spawnSync(["sh", "-n", script]).exitCode).toBe(0);
    expect(readFileSync(script, "utf8")).toContain("procd_set_param respawn 60 5 0");
    expect(run("uninstall", "--root", root, "--purge").exitCode).toBe(0);
    expect(existsSync(script)).toBe(false);
  });

  test("what it cannot use is said before anything is changed", () => {
    rmSync(join(root, "etc/openwrt_release"));
    const now = tree();
    expect(run("install", "--root", "tree").exitCode).toBe(2);
    expect(run("install", "--root", root, "--systemd", "--openwrt").exitCode).toBe(2);
    rmSync(join(root, "lib64"), { recursive: true });
    const { exitCode, err } = run("install", "--root", root);
    expect(exitCode).toBe(1);
    expect(err).toContain("nothing was changed");
    expect(tree()).toEqual(now.filter((line) => !line.startsWith("/lib64")));
  });
});
