/** Design 13 as /proc and the surfaces of the compiled agent show it. */

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import type { RunningAgent } from "../support/agent.ts";
import { startAgent } from "../support/agent.ts";

const isRoot = process.getuid?.() === 0;
const ESC = "\u001b[2J";

/** Of every thread. */
function fieldsOf(pid: number, name: string): string[] {
  return readdirSync(`/proc/${pid}/task`).map((task) => {
    const text = readFileSync(`/proc/${pid}/task/${task}/status`, "utf8");
    return new RegExp(`^${name}:\\s*(.*)$`, "m").exec(text)?.[1] ?? "missing";
  });
}

/** Inodes of the internet and packet sockets that a process holds. */
function networkSockets(pid: number): string[] {
  const tables = [
    "tcp",
    "tcp6",
    "udp",
    "udp6",
    "raw",
    "raw6",
    "icmp",
    "icmp6",
    "packet",
    "netlink",
  ];
  const inodes = new Set(
    tables.flatMap((table) => {
      const rows = readFileSync(`/proc/${pid}/net/${table}`, "utf8").split("\n").slice(1);
      const column = table === "packet" ? 8 : 9;
      return rows.map((row) => row.trim().split(/\s+/)[column] ?? "");
    }),
  );
  return readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
    try {
      const inode = /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1] ?? "none";
      return inodes.has(inode) ? [inode] : [];
    } catch {
      return []; // closed meanwhile
    }
  });
}

describe.skipIf(!isRoot)("the processes (as root)", () => {
  let agent: RunningAgent;
  beforeAll(async () => {
    agent = startAgent({
      config: `
node: { site: 'a" b\\c <i>{x}' }
paths: [{ id: here, name: 'q" b\\ <b>&{}', targets: [127.0.0.1], profile: fast }]
`,
    });
    await agent.until("a path that is up", () => agent.output.includes("status=up"), 20_000);
  });
  afterAll(() => agent?.sweep());

  function pidOf(role: "controller" | "worker"): number {
    const pid = agent.pidOf(role);
    if (pid === null) throw new Error(`no ${role}`);
    return pid;
  }

  test("the controller holds no capability on any thread, and can gain none", () => {
    const pid = pidOf("controller");
    for (const set of ["CapInh", "CapPrm", "CapEff", "CapAmb"]) {
      expect([set, new Set(fieldsOf(pid, set))]).toEqual([set, new Set(["0".repeat(16)])]);
    }
    expect(new Set(fieldsOf(pid, "NoNewPrivs"))).toEqual(new Set(["1"]));
    const uids = fieldsOf(pid, "Uid").flatMap((text) => text.split(/\s+/));
    expect(uids).not.toContain("0");
  });

  test("the supervisor holds no socket that reaches the network, the worker does", () => {
    expect(networkSockets(agent.supervisorPid())).toEqual([]);
    expect(networkSockets(pidOf("worker")).length).toBeGreaterThan(0);
  });

  test("no child inherits a variable that runs foreign code", () => {
    for (const role of ["controller", "worker"] as const) {
      const names = readFileSync(`/proc/${pidOf(role)}/environ`, "utf8").split("\0");
      expect(names.filter((one) => /^(LD_|NODE_|BUN_(?!JSC_|GC_))/.test(one))).toEqual([]);
    }
  });

  test("names with quotes and markup stay values in metrics, JSON and page", async () => {
    const metrics = await (await agent.get("/metrics")).text();
    const labels = metrics.split("\n").filter((line) => line.includes('"here"'));
    expect(labels.length).toBeGreaterThan(5);
    for (const line of metrics.split("\n").filter((one) => one !== "" && !one.startsWith("#"))) {
      expect(line).toMatch(
        /^[a-zA-Z_:][\w:]*(\{([a-z_A-Z]\w*="(?:[^"\\\n]|\\[\\"n])*",?)*\})? \S+$/,
      );
    }
    const { paths } = await agent.json<{ paths: { name?: string }[] }>("/api/v1/health/snapshot");
    expect(paths.length).toBe(1);
    const page = await agent.get("/");
    const html = await page.text();
    expect(html).not.toContain("<b>&{}");
    expect(html).not.toContain("<i>{x}");
    expect(page.headers.get("content-security-policy")).toMatch(
      /^default-src 'none'.*frame-ancestors 'none'/,
    );
    expect(html).not.toContain("<script");
  });
});

describe("a configuration with control characters", () => {
  const rows = [
    ["a name with a newline", `paths: [{ id: a, name: "x\\ny", targets: [127.0.0.1] }]`, "name"],
    [
      "a name that moves the cursor",
      `paths: [{ id: a, name: "x${"\\e"}[2J", targets: [a] }]`,
      "name",
    ],
    ["an id with a quote", `paths: [{ id: 'a"b', targets: [127.0.0.1] }]`, "id"],
    ["a target with a newline", `paths: [{ id: a, targets: ["127.0.0.1\\nx"] }]`, "targets"],
    ["a label with a line separator", `node: { labels: { a: "x\\Ly" } }\npaths: []`, "labels"],
    ["a key with an escape", `"\\e[2Jpaths": []`, "paths"],
  ] as const;
  test.each(rows)("%s is a problem of one plain line", async (_, config, key) => {
    const agent = startAgent({ config });
    try {
      expect(await agent.process.exited).toBe(2);
      await agent.until("the problem", () => agent.output.includes(key));
      expect(agent.output).not.toContain(ESC);
      const lines = agent.output.trim().split("\n");
      for (const line of lines) expect(line).toMatch(/agent\.yaml|problems?$/);
    } finally {
      await agent.sweep();
    }
  });
});
