/** Self-test, support dump, completion and manual page of the compiled file. */

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import type { RunningAgent } from "../support/agent.ts";
import { FILE, scratchFolder, startAgent } from "../support/agent.ts";

const folder = scratchFolder();
const SECRETS = { token: "tok-e2e-123456", header: "hdr-e2e-123456" };

function run(args: readonly string[], environment: Record<string, string> = {}) {
  const env = { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", ...environment };
  const result = Bun.spawnSync([FILE, ...args], { cwd: folder, env });
  return { code: result.exitCode, out: result.stdout.toString(), err: result.stderr.toString() };
}

describe("of a running agent", () => {
  let agent: RunningAgent;
  let config: string;
  const dump = join(folder, "dump");

  beforeAll(async () => {
    const token = join(folder, "token");
    writeFileSync(token, `${SECRETS.token}\n`);
    chmodSync(token, 0o644);
    agent = startAgent({
      config: `
node: { labels: { api_key: "${SECRETS.token}" } }
otlp: { headers: { authorization: "\${env:HEADER}" } }
paths: [{ id: here, targets: [127.0.0.1], profile: fast }]
reflector: { listen: "127.0.0.1:39862", key_file: ${token} }
`,
      environment: { HEADER: SECRETS.header },
    });
    config = join(agent.folder, "agent.yaml");
    await agent.until("a path that is up", () => agent.output.includes("status=up"), 20_000);
    mkdirSync(dump);
    const output = join(dump, "d.tar.gz");
    const { code, out } = run(["support-dump", "-c", config, "-o", output], {
      HEADER: SECRETS.header,
    });
    expect([code, out]).toEqual([0, expect.stringContaining(output)]);
    expect(statSync(output).mode & 0o777).toBe(0o600);
    const { exitCode } = Bun.spawnSync(["tar", "-xzf", output], { cwd: dump });
    expect(exitCode).toBe(0);
    rmSync(output);
  });
  afterAll(async () => {
    await agent?.sweep();
    rmSync(folder, { recursive: true, force: true });
  });

  const textOf = (name: string) => readFileSync(join(dump, name), "utf8");

  test("support-dump holds what it promises", () => {
    expect(JSON.parse(textOf("agent/status.json"))).toHaveProperty("worker");
    expect(textOf("agent/metrics.txt")).toContain("patronus_sdwan_");
    expect(textOf("config/effective.yaml")).toContain("id: here");
    expect(textOf("config/problems.txt")).toContain("open to everybody");
    expect(textOf("network/routes4.txt")).toContain("127.0.0.1");
    expect(textOf("process/controller/status")).toMatch(/^CapEff:\s0000000000000000$/m);
    expect(textOf("store/files.txt")).toContain("patronus.db");
    expect(JSON.parse(textOf("manifest.json"))).toHaveProperty("missing");
  });

  test("support-dump holds no secret", () => {
    const files = readdirSync(dump, { recursive: true, withFileTypes: true });
    const all = files.filter((file) => file.isFile());
    expect(all.length).toBeGreaterThan(30);
    for (const { parentPath, name } of all) {
      const text = readFileSync(join(parentPath, name), "utf8");
      for (const secret of Object.values(SECRETS)) {
        expect([name, text.includes(secret)]).toEqual([name, false]);
      }
    }
  });

  test("neither config print nor status nor the log holds one", () => {
    const printed = run(["config", "print", config], { HEADER: SECRETS.header });
    const status = run(["status", "--socket", agent.socket, "--json"]);
    expect(printed.out).toContain("authorization");
    for (const text of [printed.out, status.out, agent.output]) {
      for (const secret of Object.values(SECRETS)) expect(text).not.toContain(secret);
    }
  });

  test("a reload logs the changed key, an unchanged file changes nothing", async () => {
    const reload = async (line: string) => {
      const count = () => agent.output.split(line).length;
      const before = count();
      agent.process.kill("SIGHUP");
      await agent.until(line, () => count() > before);
    };
    // The open key file would be named again.
    chmodSync(join(folder, "token"), 0o640);
    await reload("nothing changed");
    const lines = agent.output.split("\n").length;
    await reload("nothing changed");
    expect(agent.output.split("\n").length).toBe(lines + 1);
    const text = readFileSync(config, "utf8");
    writeFileSync(
      config,
      text.replace(SECRETS.token, `${SECRETS.token}-next`).replace("id: here", "id: here, cost: 7"),
    );
    await reload("configuration reloaded");
    expect(agent.output).toContain("key=paths[here].cost from=1 to=7");
    expect(agent.output).toContain("key=node.labels.api_key from=******** to=********");
    expect(agent.output).not.toContain(SECRETS.token);
    writeFileSync(config, `${text}\nnonsense: 1\n`);
    await reload("configuration not reloaded");
    const snapshot = await agent.json<{ paths: unknown[] }>("/api/v1/health/snapshot");
    expect(snapshot.paths.length).toBe(1);
  });
});

test("support-dump works without an agent and with a broken configuration", () => {
  const config = join(folder, "broken.yaml");
  mkdirSync(folder, { recursive: true });
  writeFileSync(config, "paths: [");
  const output = join(folder, "alone.tar.gz");
  const { code, out } = run([
    "support-dump",
    "-c",
    config,
    "--socket",
    "/nonexistent",
    "-o",
    output,
  ]);
  expect([code, out]).toEqual([0, expect.stringContaining("not to be had")]);
  rmSync(folder, { recursive: true, force: true });
});

describe("self-test", () => {
  test("repeats the nonce beside the version", () => {
    mkdirSync(folder, { recursive: true });
    const { code, out } = run(["self-test", "--nonce", "n-0nce_1"]);
    expect([0, 3]).toContain(code);
    expect(out).toMatch(/^patronus-agent \S+ \(.*\) nonce n-0nce_1\n/);
    expect(out).toMatch(/^ok +core +ABI \d+$/m);
    const json = JSON.parse(run(["self-test", "--nonce", "x", "--json"]).out);
    expect(json).toMatchObject({ nonce: "x", verdict: code === 0 ? "ok" : "degraded" });
    expect(run(["self-test", "--nonce", "a b"]).code).toBe(2);
  });

  test("says what to do where FFI does not work", () => {
    const { code, out } = run(["self-test"], { BUN_JSC_useJIT: "0" });
    expect(code).toBe(1);
    expect(out).toMatch(/^failed +ffi .*\n +-> .*MemoryDenyWriteExecute/m);
  });

  test("names the port that another program has", () => {
    const other = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
    const config = join(folder, "port.yaml");
    const paths = "paths: [{ id: a, targets: [127.0.0.1] }]";
    const http = `http: { listen: "127.0.0.1:${other.port}", socket: /nonexistent/s }`;
    writeFileSync(config, `${paths}\n${http}\n`);
    const { code, out } = run(["self-test", "-c", config]);
    other.stop(true);
    expect(code).toBe(3);
    expect(out).toMatch(/^degraded +port .*cannot be had/m);
  });
});

test("completion and man come from the compiled file", () => {
  expect(run(["completion", "fish"]).out).toContain("complete -c patronus-agent");
  expect(run(["completion", "csh"]).code).toBe(2);
  expect(run(["man"]).out).toStartWith(".TH PATRONUS-AGENT 8");
});
