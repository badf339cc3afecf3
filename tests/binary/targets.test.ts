/**
 * The other targets: two builds of one commit are the same file, and the file for arm64 runs (under
 * qemu-user, with Debian's C library for it): core, FFI, probes. FULL=1: all four targets.
 */

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { builtTarget } from "../support/built-target.ts";

const ROOT = join(import.meta.dir, "../..");
const isFull = process.env["FULL"] === "1";
const QEMU = Bun.which("qemu-aarch64-static");
const reason = QEMU === null ? " (skipped: needs the Debian package qemu-user-static)" : "";

function run(command: readonly string[]) {
  const { exitCode, stdout, stderr } = Bun.spawnSync([...command], { cwd: ROOT });
  return { exitCode, out: stdout.toString(), err: stderr.toString() };
}

async function digest(path: string): Promise<string> {
  return new Bun.CryptoHasher("sha256").update(await Bun.file(path).bytes()).digest("hex");
}

describe("builds", () => {
  const targets = ["linux-x64", "linux-arm64", "linux-x64-musl", "linux-arm64-musl"];
  test.each(isFull ? targets : ["linux-x64"])(
    "%s: two of the same commit are the same file",
    async (target) => {
      const folder = mkdtempSync(join(tmpdir(), "patronus-build-"));
      try {
        const [one, two] = [join(folder, "one"), join(folder, "two")];
        const files = [builtTarget(target, one), builtTarget(target, two)];
        const [first, second] = await Promise.all(files.map(digest));
        expect(first).toBe(second ?? "");
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    },
    180_000,
  );
});

describe.skipIf(QEMU === null)(`linux-arm64${reason}`, () => {
  let folder: string;
  let program: readonly string[];

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "patronus-arm64-"));
    const libraries = run(["scripts/foreign-libc.sh", "linux-arm64"]);
    if (libraries.exitCode !== 0) throw new Error(libraries.err);
    const file = builtTarget("linux-arm64", folder);
    program = [QEMU ?? "", "-L", libraries.out.trim(), file];
  }, 180_000);

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test("says what it is", () => {
    const { exitCode, out } = run([...program, "version"]);
    expect([exitCode, out.includes("linux-arm64")]).toEqual([0, true]);
  });

  test("its self-test calls libc, opens sockets, runs the core and a database", () => {
    const { out } = run([...program, "self-test", "--json"]);
    const { checks } = JSON.parse(out) as { checks: { name: string; state: string }[] };
    const state = (name: string) => checks.find((one) => one.name === name)?.state;
    expect([state("ffi"), state("core"), state("store")]).toEqual(["ok", "ok", "ok"]);
  });

  test("probes loopback", () => {
    const { exitCode, out } = run([
      ...[...program, "probe", "127.0.0.1"],
      ...["--count", "3", "--interval", "100", "--json"],
    ]);
    expect(exitCode).toBe(0);
    expect(out).toContain("127.0.0.1");
  });

  test("reads a configuration", () => {
    const example = join(ROOT, "agent/config/reference.yaml");
    expect(run([...program, "check-config", example]).exitCode).toBe(0);
  });
});
