/**
 * The acceptance cases of a failover on the compiled agent, with real cables: what is decided.
 * Each test carries the letter of its case; what concerns the kernel's tables is in
 * failover-kernel.test.ts.
 */

import { afterEach, describe, expect, test } from "bun:test";
import type { FailoverLabOptions } from "../support/lab/failover-lab.ts";
import { FailoverLab } from "../support/lab/failover-lab.ts";
import { namespaceProblem } from "../support/lab/namespace.ts";
import { TARGETS } from "../support/lab/uplinks.ts";

const problem = namespaceProblem();
const isFull = process.env["FULL"] === "1";
const LIMIT_MS = 120_000;
const ROUTE = "route: { match: [{ to: default }], ipv6: nat }";
const SHAPED = [{ shaped: true }, {}] as const;
const STOPPED_MS = isFull ? 20_000 : 2_500;

describe.skipIf(problem !== null)(`failover cases (${problem ?? "as root"})`, () => {
  let lab: FailoverLab | null = null;

  afterEach(async () => {
    await lab?.close();
    lab = null;
  }, 30_000);

  async function open(options: Partial<FailoverLabOptions> = {}): Promise<FailoverLab> {
    lab = await FailoverLab.open({ purpose: "case", uplinks: [{}, {}], ...options });
    return lab;
  }

  test.each([
    { name: "loss of 30 %", up: { loss: { kind: "random", p: 0.3 } } },
    { name: "latency of 500 ms", up: { delayUs: 500_000 } },
    { name: "jitter of 120 ms", up: { delayUs: 130_000, jitterUs: 120_000 } },
  ] as const)(
    "A4: $name alone leaves the path",
    async ({ up }) => {
      const world = await open({ uplinks: SHAPED });
      await world.uplinks.shape("a", up, {});
      await world.uses("b", 60_000);
      const [triggered] = await world.events();
      expect(triggered).toMatchObject({ event_type: "triggered", from_path_id: "a" });
    },
    LIMIT_MS,
  );

  test(
    "A6: a dip while the primary proves itself starts its time anew",
    async () => {
      const world = await open({ uplinks: SHAPED, policy: `failback_delay_secs: 4\n${ROUTE}` });
      await world.uplinks.shape("a", { loss: { kind: "all" } });
      await world.uses("b");
      await world.uplinks.shape("a", {});
      await world.well();
      await Bun.sleep(2_500);
      await world.uplinks.shape("a", { delayUs: 350_000 });
      await world.agent.until("the dip is seen", async () => {
        const { paths } = await world.agent.json<{ paths: { path_id: string; status: string }[] }>(
          "/api/v1/health/snapshot",
        );
        return paths.find(({ path_id }) => path_id === "a")?.status !== "up";
      });
      await world.uplinks.shape("a", {});
      await world.well();
      const wellAt = performance.now();
      await world.uses("a", 30_000);
      expect(performance.now() - wellAt).toBeGreaterThan(3_000);
      expect(await world.moves()).toEqual([
        "triggered a>b",
        "completed a>b",
        "triggered b>a",
        "completed b>a",
      ]);
    },
    LIMIT_MS,
  );

  test(
    "A7: each failure doubles the time before traffic returns",
    async () => {
      const world = await open({ policy: `failback_delay_secs: 2\n${ROUTE}` });
      const spans: number[] = [];
      for (let i = 0; i < 3; i++) {
        await world.uplinks.cut("a");
        // Until its probes say so too: a shorter cut would only be loss in its window.
        await world.agent.until("a is down", async () => (await statusOf(world, "a")) === "down");
        await world.uplinks.mend("a");
        await world.well();
        const wellAt = performance.now();
        await world.uses("a", 30_000);
        spans.push((performance.now() - wellAt) / 1_000);
      }
      const [first = 0, second = 0, third = 0] = spans;
      expect(first).toBeWithin(0.5, 3.5);
      expect(second - first).toBeGreaterThan(1);
      expect(third - second).toBeGreaterThan(2.5);
    },
    LIMIT_MS,
  );

  test(
    "A8: a backup that dies while the primary is dead is left for the next one",
    async () => {
      const world = await open({ uplinks: [{}, {}, {}] });
      world.uplinks.blackhole("a");
      await world.uses("b");
      world.uplinks.blackhole("b");
      await world.uses("c");
      expect(await world.moves()).toEqual([
        "triggered a>b",
        "completed a>b",
        "triggered b>c",
        "completed b>c",
      ]);
    },
    LIMIT_MS,
  );

  test(
    "A9: all down is one event and no churn; the first path that returns is used at once",
    async () => {
      const world = await open();
      world.uplinks.blackhole("b");
      await world.agent.until("b is down", async () => (await statusOf(world, "b")) === "down");
      world.uplinks.blackhole("a");
      await world.agent.until("a is down", async () => (await statusOf(world, "a")) === "down");
      await Bun.sleep(1_500);
      expect(world.kernel()).toBe("a");
      expect(await world.moves()).toEqual(["failed a>null"]);
      world.uplinks.unhole("b");
      const mendedAt = performance.now();
      await world.uses("b");
      expect(performance.now() - mendedAt).toBeLessThan(3_000);
    },
    LIMIT_MS,
  );

  test(
    "A10: a start moves nothing and records nothing",
    async () => {
      const world = await open();
      await Bun.sleep(500);
      expect(await world.events()).toEqual([]);
      expect(world.kernel()).toBe("a");
    },
    LIMIT_MS,
  );

  test(
    "A14: an agent that was stopped moves nothing on account of it",
    async () => {
      const world = await open();
      const pids = [world.agent.supervisorPid(), ...world.agent.children()];
      for (const pid of pids) process.kill(pid, "SIGSTOP");
      await Bun.sleep(STOPPED_MS);
      for (const pid of pids) process.kill(pid, "SIGCONT");
      await Bun.sleep(2_000);
      await world.well();
      expect(await world.events()).toEqual([]);
    },
    LIMIT_MS,
  );

  test(
    "A15: a target that dies, on one path or on both, is not the path",
    async () => {
      const world = await open({ targets: [...TARGETS[4]] });
      world.uplinks.silence(TARGETS[4][0]);
      await Bun.sleep(3_000);
      expect(await world.events()).toEqual([]);
      await world.well();
    },
    LIMIT_MS,
  );

  test(
    "A16: probes of a standby leave by its own uplink, before and after a failover",
    async () => {
      const world = await open();
      world.uplinks.blackhole("b");
      await world.agent.until("b is down", async () => (await statusOf(world, "b")) === "down");
      world.uplinks.unhole("b");
      await world.well();
      world.uplinks.blackhole("a");
      await world.uses("b");
      expect(await statusOf(world, "b")).toBe("up");
      world.uplinks.unhole("a");
      await world.well();
    },
    LIMIT_MS,
  );

  test(
    "A25: pin, expiry, strict and safe, hold, maintenance",
    async () => {
      const world = await open({ policy: `failback_delay_secs: 1\ndwell_secs: 1\n${ROUTE}` });
      const at = "/failover/policies/1";
      await world.post(`${at}/pin`, { path_id: "b", mode: "safe", expires_secs: 4 });
      await world.uses("b");
      world.uplinks.blackhole("b");
      await world.uses("a");
      world.uplinks.unhole("b");
      await world.uses("b");
      await world.uses("a", 20_000);

      await world.post(`${at}/pin`, { path_id: "b", mode: "strict" });
      await world.uses("b");
      world.uplinks.blackhole("b");
      await world.agent.until("b is down", async () => (await statusOf(world, "b")) === "down");
      await Bun.sleep(1_000);
      expect(world.kernel()).toBe("b");
      await world.post(`${at}/unpin`);
      await world.uses("a");
      world.uplinks.unhole("b");
      await world.well();

      await world.uplinks.cut("a");
      await world.uses("b");
      await world.post(`${at}/hold`);
      await world.uplinks.mend("a");
      await world.well();
      await Bun.sleep(3_000);
      expect(world.kernel()).toBe("b");
      await world.post(`${at}/release`);
      await world.uses("a", 20_000);
      expect(world.command("maintenance", "a", "on", "--for", "2s")).toContain("maintenance");
      await world.uses("b");
      await world.uses("a", 20_000);
    },
    LIMIT_MS,
  );

  test(
    "A27: a hook that hangs delays no switch",
    async () => {
      const hook =
        "hooks: [{ on: [triggered, completed], exec: [/bin/sleep, '600'], timeout_secs: 60 }]";
      const world = await open({ extra: hook });
      await world.switchTo("b");
      await world.uses("b", 2_000);
      await world.uplinks.cut("b");
      await world.uses("a", 2_000);
    },
    LIMIT_MS,
  );

  test(
    "A29: IPv6 that dies alone moves alone",
    async () => {
      const world = await open({ targets: [TARGETS[4][0], TARGETS[6][0]] });
      world.uplinks.blackhole("a", 6);
      await world.agent.until("IPv6 goes by b", async () => {
        const { active_path_id, active_path_id_v6 } = await world.policy();
        return active_path_id === "a" && active_path_id_v6 === "b";
      });
      expect([world.kernel(4), world.kernel(6)]).toEqual(["a", "b"]);
    },
    LIMIT_MS,
  );
});

async function statusOf(world: FailoverLab, path: string): Promise<string> {
  const { paths } = await world.agent.json<{ paths: { path_id: string; status: string }[] }>(
    "/api/v1/health/snapshot",
  );
  return paths.find(({ path_id }) => path_id === path)?.status ?? "absent";
}
