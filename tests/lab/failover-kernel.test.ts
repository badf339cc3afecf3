/**
 * The acceptance cases of a failover on the compiled agent that concern the kernel's tables: what
 * others change, what it refuses, what becomes of connections. Each test carries the letter of its
 * case.
 */

import { afterEach, describe, expect, test } from "bun:test";
import type { FailoverLabOptions } from "../support/lab/failover-lab.ts";
import { FailoverLab } from "../support/lab/failover-lab.ts";
import { namespaceProblem } from "../support/lab/namespace.ts";

const problem = namespaceProblem();
const LIMIT_MS = 120_000;
const ROUTE = "route: { match: [{ to: default }], ipv6: nat }";

interface Audit {
  readonly action: string;
}

describe.skipIf(problem !== null)(`failover and the kernel (${problem ?? "as root"})`, () => {
  let lab: FailoverLab | null = null;

  afterEach(async () => {
    await lab?.close();
    lab = null;
  }, 30_000);

  async function open(options: Partial<FailoverLabOptions> = {}): Promise<FailoverLab> {
    lab = await FailoverLab.open({ purpose: "kern", uplinks: [{}, {}], ...options });
    return lab;
  }

  function ip(world: FailoverLab, words: string): string {
    return world.uplinks.box.exec(["ip", ...words.split(" ")]);
  }

  async function audited(world: FailoverLab): Promise<string[]> {
    const { records } = await world.agent.json<{ records: Audit[] }>("/api/v1/audit");
    return records.map(({ action }) => action);
  }

  async function table(world: FailoverLab, what: RegExp): Promise<void> {
    await world.agent.until(`table 158 has ${what}`, () =>
      what.test(ip(world, "route show table 158")),
    );
  }

  test(
    "A12: with the agent dead the kernel itself leaves a cut cable",
    async () => {
      const world = await open({ uplinks: [{}, {}] });
      process.kill(world.agent.supervisorPid(), "SIGKILL");
      await world.agent.process.exited;
      await Bun.sleep(1_500);
      const stream = await world.uplinks.stream();
      await Bun.sleep(300);
      const atUs = await world.uplinks.cut("a");
      await Bun.sleep(1_500);
      expect(world.kernel()).toBe("b");
      const gap = (await stream.stop()).gapAround(atUs);
      // The link event may wait a second in the kernel, and nobody reads the carrier.
      expect(gap.outageUs).toBeLessThan(1_300_000);
    },
    LIMIT_MS,
  );

  test(
    "A19: what DHCP does to main changes nothing; a new gateway of the active path is followed",
    async () => {
      const world = await open();
      ip(world, "route replace default via 10.82.0.1 dev wan1 metric 50");
      await Bun.sleep(500);
      expect(world.kernel()).toBe("a");
      world.uplinks.uplink("a").isp.exec(["ip", "addr", "add", "10.81.0.9/24", "dev", "isp0"]);
      ip(world, "route replace default via 10.81.0.9 dev wan0 metric 100");
      await table(world, /via 10\.81\.0\.9 dev wan0 .*metric 1 /);
      expect(ip(world, "route show table 1001")).toContain("via 10.81.0.9");
      expect(await world.events()).toEqual([]);
      expect(await audited(world)).toContain("gateway_changed");
    },
    LIMIT_MS,
  );

  test(
    "A20: a device that goes down and up, or is made anew, gets its routes again",
    async () => {
      const world = await open({ policy: `failback_delay_secs: 1\ndwell_secs: 1\n${ROUTE}` });
      world.uplinks.lower("a");
      await world.uses("b");
      world.uplinks.raise("a");
      await world.uses("a", 30_000);
      world.uplinks.unplug("a");
      await world.uses("b");
      world.uplinks.replug("a");
      await world.uses("a", 60_000);
      const index = world.uplinks.box.exec(["cat", "/sys/class/net/wan0/ifindex"]).trim();
      expect(Number(index)).toBeGreaterThan(0);
      expect(ip(world, "route show table 1001")).toContain("dev wan0");
    },
    LIMIT_MS,
  );

  test(
    "A21: a rule that is deleted comes back, a second route goes, both are audited",
    async () => {
      const world = await open();
      ip(world, "rule del priority 32000");
      await world.agent.until("the rule is back", () => ip(world, "rule").includes("32000:"));
      ip(world, "route del default table 158 metric 1");
      await table(world, /dev wan0 .*metric 1 /);
      ip(world, "route add default via 10.82.0.1 dev wan1 table 158 metric 7 proto 158");
      await world.agent.until("the foreign route is gone", () => {
        return !ip(world, "route show table 158").includes("metric 7 ");
      });
      expect(await audited(world)).toEqual(["repair", "repair", "repair"]);
      expect(await world.events()).toEqual([]);
    },
    LIMIT_MS,
  );

  test.each(["reset-on-hard-down", "keep"] as const)(
    "A22, A24: a translated stream from behind the box moves with the route (flows: %s)",
    async (flows) => {
      const world = await open({ host: true, policy: `flows: ${flows}\n${ROUTE}` });
      const { host } = world.uplinks;
      if (host === null) throw new Error("there is no host");
      const stream = await world.uplinks.stream({ from: host });
      await Bun.sleep(300);
      const atUs = world.uplinks.blackhole("a");
      await world.uses("b");
      await Bun.sleep(500);
      const report = await stream.stop();
      expect(report.stretches().map(({ path }) => path)).toEqual(["a", "b"]);
      expect(report.gapAround(atUs).outageUs / 1_000).toBeLessThan(600);
    },
    LIMIT_MS,
  );

  test(
    "A23: without a viable target no connection is touched",
    async () => {
      const world = await open({ host: true });
      const { host } = world.uplinks;
      if (host === null) throw new Error("there is no host");
      const stream = await world.uplinks.stream({ from: host });
      await Bun.sleep(300);
      world.uplinks.blackhole("b");
      world.uplinks.blackhole("a");
      await world.agent.until("all is down", async () => (await world.moves()).length > 0);
      await Bun.sleep(1_000);
      expect(await world.moves()).toEqual(["failed a>null"]);
      const flows = world.uplinks.box.exec(["cat", "/proc/net/nf_conntrack"]);
      expect(flows).toContain("dport=9009");
      await stream.stop();
    },
    LIMIT_MS,
  );

  test(
    "A26: a switch that the kernel refuses keeps the old route, and the next candidate is tried",
    async () => {
      const world = await open({
        uplinks: [{}, {}, {}],
        policy: "route: { match: [{ to: default }] }",
      });
      // Routes that are there stay; for a new one the kernel no longer finds the gateway.
      ip(world, "route del 10.82.0.0/24 dev wan1");
      await Bun.sleep(500);
      world.uplinks.blackhole("a");
      await world.uses("c");
      const moves = await world.moves();
      expect(moves).toEqual(["triggered a>b", "failed a>b", "triggered a>c", "completed a>c"]);
      const [, failed] = await world.events();
      expect(failed?.reason).toMatch(/gateway|kernel/);
    },
    LIMIT_MS,
  );

  test(
    "A28: a reload without a change writes nothing and resets nothing",
    async () => {
      const world = await open();
      await Bun.sleep(500);
      const monitor = Bun.spawn(
        world.uplinks.box.command(["ip", "monitor", "route", "rule", "link"]),
        { stdout: "pipe" },
      );
      await Bun.sleep(200);
      process.kill(world.agent.supervisorPid(), "SIGHUP");
      await Bun.sleep(1_500);
      monitor.kill();
      expect(await new Response(monitor.stdout).text()).toBe("");
      expect(await world.events()).toEqual([]);
      const { paths } = await world.agent.json<{ paths: { samples: number }[] }>(
        "/api/v1/health/snapshot",
      );
      for (const { samples } of paths) expect(samples).toBeGreaterThan(20);
    },
    LIMIT_MS,
  );
});
