import { afterAll, describe, expect, test } from "bun:test";
import { chmodSync, copyFileSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { FILE, scratchFolder } from "../support/agent.ts";

const folder = scratchFolder();
const alone = join(folder, "renamed-agent");
copyFileSync(FILE, alone);
chmodSync(alone, 0o755);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function run(args: readonly string[], cwd: string, environment: Record<string, string> = {}) {
  const result = Bun.spawnSync([alone, ...args], { cwd, env: environment });
  return { code: result.exitCode, out: result.stdout.toString(), err: result.stderr.toString() };
}

describe("the compiled file", () => {
  test("version --json works from any folder with only that file", () => {
    const { code, out } = run(["version", "--json"], "/");
    const facts = JSON.parse(out);
    expect(code).toBe(0);
    expect(Object.keys(facts).sort()).toEqual(
      ["bun", "bun_revision", "core_abi", "git", "target", "version"].sort(),
    );
    expect(facts.version).toMatch(/^\d+\.\d+\.\d+$/);
    expect(facts.git).toMatch(/^([0-9a-f]{12}(-dirty)?|unknown)$/);
    expect(facts.bun).toBe(Bun.version);
    expect(facts.core_abi).toBeGreaterThan(0);
  });

  test("the core is embedded: a one-off probe of loopback works from an empty folder", () => {
    const { code, out } = run(["probe", "127.0.0.1", "-c", "2", "-i", "10", "--json"], folder);
    expect(code).toBe(0);
    expect(out).toContain('"replied"');
  });

  test(".env and bunfig.toml of the working directory are not loaded", () => {
    const trap = join(folder, "trap");
    mkdirSync(trap);
    writeFileSync(join(trap, "evil.ts"), 'console.log("PRELOADED");');
    writeFileSync(join(trap, "bunfig.toml"), 'preload = ["./evil.ts"]\n');
    writeFileSync(join(trap, ".env"), "PATRONUS_CONFIG=/from/dotenv.yaml\nNO_COLOR=1\n");
    const version = run(["version"], trap);
    expect(version.out).toContain("patronus-agent");
    expect(version.out + version.err).not.toContain("PRELOADED");
    const check = run(["check-config"], trap);
    expect(check.out + check.err).not.toContain("/from/dotenv.yaml");
    const named = run(["check-config"], trap, { PATRONUS_CONFIG: "/from/environment.yaml" });
    expect(named.out + named.err).toContain("/from/environment.yaml");
  });

  test("an unknown command and an unknown flag end with 2 and say what is wanted", () => {
    expect(run(["frobnicate"], "/")).toMatchObject({ code: 2 });
    const flag = run(["version", "--frobnicate"], "/");
    expect(flag.code).toBe(2);
    expect(flag.err).toContain("--help");
  });

  const commands = ["run", "check-config", "config", "status", "paths", "probe", "version"];
  test.each(commands)("%s --help explains itself", (command) => {
    const { code, out } = run([command, "--help"], "/");
    expect(code).toBe(0);
    expect(out).toContain(`Usage: patronus-agent ${command}`);
  });
});
