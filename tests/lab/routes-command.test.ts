/** `routes` in a namespace: what it prints, and that a flush leaves the state before the start. */

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openRouteMemory, routeMemoryFile } from "../../agent/io/route-memory.ts";
import { namespaceProblem } from "../support/lab/namespace.ts";
import { Uplinks } from "../support/lab/uplinks.ts";

const problem = namespaceProblem();
const MAIN = new URL("../../agent/main.ts", import.meta.url).pathname;
const LIMIT_MS = 30_000;

describe.skipIf(problem !== null)(`routes (${problem ?? "as root"})`, () => {
  let uplinks: Uplinks;
  let folder = "";
  let before: readonly string[] = [];

  beforeAll(async () => {
    uplinks = await Uplinks.open({ purpose: "rcmd", uplinks: [{}, { link: "tun" }] });
    uplinks.box.sysctl("net.ipv4.conf.all.rp_filter", "1");
  }, LIMIT_MS);
  afterAll(async () => uplinks?.close());

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "plab-routes-"));
    mkdirSync(join(folder, "state"));
    writeFileSync(join(folder, "agent.yaml"), configuration(folder));
    before = stateOf();
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  /** All that an operator would compare. */
  function stateOf(): readonly string[] {
    const lines = (args: string) => uplinks.box.exec(["ip", ...args.split(" ")]).split("\n");
    const settings = ["rp_filter", "ignore_routes_with_linkdown"].map((key) =>
      uplinks.box.exec(["sysctl", `net.ipv4.conf.wan0.${key}`, `net.ipv4.conf.wan1.${key}`]),
    );
    const tables = ["-4 rule show", "-6 rule show", "-4 route show table all"];
    const routes = lines("-6 route show table all").sort();
    return [...tables.flatMap(lines), ...routes, ...settings];
  }

  function routes(...args: readonly string[]) {
    const command = [process.execPath, MAIN, "routes", ...args, "-c", join(folder, "agent.yaml")];
    const { exitCode, stdout, stderr } = Bun.spawnSync(uplinks.box.command(command));
    return { exitCode, out: stdout.toString().trim(), problems: stderr.toString().trim() };
  }

  /** As the agent would: remembers what the devices had, then writes. */
  function install(): void {
    const links = ["wan0", "wan1"].map((device) => ({
      device,
      index: Number(uplinks.box.exec(["cat", `/sys/class/net/${device}/ifindex`])),
      rpFilter: Number(uplinks.box.exec(["sysctl", "-n", `net.ipv4.conf.${device}.rp_filter`])),
      ignoreRoutesWithLinkdown: false,
    }));
    const file = routeMemoryFile(join(folder, "state/patronus.db"));
    openRouteMemory(file).save({ paths: [], policies: [], links });
    for (const line of routes("plan", "--dry-run").out.split("\n")) {
      uplinks.box.exec(line.split(" "));
    }
  }

  test(
    "plan prints commands that make the kernel as planned, and then none",
    () => {
      const planned = routes("plan", "--dry-run");
      expect(planned.exitCode).toBe(0);
      expect(planned.out).toContain(
        "ip -4 rule add priority 32000 from all lookup 158 protocol 158",
      );
      expect(planned.out).toContain("sysctl -w net/ipv4/conf/wan0/rp_filter=2");
      expect(stateOf()).toEqual(before);
      install();
      expect(routes("plan").out).toBe("");
      expect(routes("flush").exitCode).toBe(0);
    },
    LIMIT_MS,
  );

  test(
    "show names the owners and what is missing",
    () => {
      const bare = routes("show");
      expect(bare.exitCode).toBe(3);
      expect(bare.out).toContain("Missing, no agent runs to do it:");
      install();
      const shown = routes("show", "--json");
      expect(shown.exitCode).toBe(0);
      const body = JSON.parse(shown.out);
      expect(body.difference).toEqual([]);
      expect(body.routes).toContainEqual({
        family: 4,
        table: 158,
        metric: 1,
        route: "default via 10.81.0.1 dev wan0",
        path_id: null,
        policy_id: 1,
        slot: 0,
      });
      expect(body.routes).toContainEqual(
        expect.objectContaining({ route: "default dev wan1", table: 1002, path_id: "tunnel" }),
      );
      expect(body.rules).toContainEqual(
        expect.objectContaining({ priority: 1005, rule: "from all oif wan0 lookup 1001" }),
      );
      expect(routes().out).toContain("The kernel has what the configuration asks for.");
      uplinks.box.exec(["ip", "rule", "del", "priority", "32000"]);
      expect(routes().out).toContain("  ip -4 rule add priority 32000");
      expect(routes("flush").exitCode).toBe(0);
    },
    LIMIT_MS,
  );

  test(
    "flush leaves the state before the first start, foreign rules and routes too",
    () => {
      const foreign = [
        ["ip", "rule", "add", "priority", "31000", "from", "10.9.9.0/24", "lookup", "700"],
        ["ip", "route", "add", "default", "dev", "wan0", "table", "218"],
      ];
      for (const command of foreign) uplinks.box.exec(command);
      before = stateOf();
      install();
      expect(stateOf()).not.toEqual(before);
      const dry = routes("flush", "--dry-run");
      expect(dry.out.split("\n").length).toBeGreaterThan(20);
      expect(routes("flush")).toMatchObject({ exitCode: 0, problems: "" });
      expect(stateOf()).toEqual(before);
      expect(existsSync(join(folder, "state/routes.json"))).toBe(false);
      expect(routes("flush").out).toBe("removed 0 rules, routes and settings");
      for (const command of foreign) {
        uplinks.box.exec(command.map((word) => (word === "add" ? "del" : word)));
      }
    },
    LIMIT_MS,
  );

  test(
    "flush refuses while an agent runs, unless it is forced",
    async () => {
      install();
      // Of its own process: the command is waited for here.
      const script = `Bun.serve({ unix: "${folder}/agent.sock", fetch: () => Response.json({ policies: [] }) });
      console.log("ready")`;
      const agent = Bun.spawn([process.execPath, "-e", script], { stdout: "pipe" });
      await agent.stdout.getReader().read();
      try {
        const refused = routes("flush");
        expect(refused).toMatchObject({ exitCode: 1, out: "" });
        expect(refused.problems).toContain("cannot flush: an agent runs");
        expect(routes("flush", "--force").exitCode).toBe(0);
      } finally {
        agent.kill("SIGKILL");
        await agent.exited;
      }
      expect(stateOf()).toEqual(before);
    },
    LIMIT_MS,
  );

  test(
    "without CAP_NET_ADMIN flush says so and changes nothing",
    () => {
      install();
      const file = join(folder, "agent.yaml");
      const command = [process.execPath, MAIN, "routes", "flush", "-c", file];
      const plain = ["setpriv", "--bounding-set=-net_admin", "--inh-caps=-net_admin", ...command];
      const { exitCode, stderr } = Bun.spawnSync(uplinks.box.command(plain));
      expect(exitCode).toBe(1);
      expect(stderr.toString()).toContain("cannot remove everything");
      expect(routes("show").exitCode).toBe(0);
      expect(routes("flush").exitCode).toBe(0);
      expect(stateOf()).toEqual(before);
    },
    LIMIT_MS,
  );
});

function configuration(folder: string): string {
  return `
storage: { path: ${folder}/state/patronus.db }
http: { listen: ~, socket: ${folder}/agent.sock }
paths:
  - { id: fiber, interface: wan0, targets: [10.77.0.1] }
  - { id: tunnel, interface: wan1, gateway: none, targets: [10.77.0.1] }
policies:
  - id: 1
    primary: fiber
    backups: [tunnel]
    route: { match: [{ to: default }, { from: 10.9.0.0/24 }], ipv6: nat }
`;
}
