/**
 * Commanded switches under load: none of 5,000 packets/s is lost in either family, every one is
 * read back right. And processes that are killed in the middle of it.
 */

import { afterEach, describe, expect, test } from "bun:test";
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { scratchFolder } from "../support/agent.ts";
import type { FailoverLabOptions } from "../support/lab/failover-lab.ts";
import { FailoverLab } from "../support/lab/failover-lab.ts";
import { namespaceProblem } from "../support/lab/namespace.ts";
import { TARGETS } from "../support/lab/uplinks.ts";

const problem = namespaceProblem();
const isFull = process.env["FULL"] === "1";
const SWITCHES = isFull ? 1_000 : 60;
const KILLS = isFull ? 100 : 6;
const LIMIT_MS = isFull ? 1_200_000 : 120_000;
const POLICY = "failback_delay_secs: 3600\nroute: { match: [{ to: default }], ipv6: nat }";

describe.skipIf(problem !== null)(`switches (${problem ?? "as root"})`, () => {
  let lab: FailoverLab | null = null;

  afterEach(async () => {
    await lab?.close();
    lab = null;
  }, 30_000);

  async function open(options: Partial<FailoverLabOptions> = {}): Promise<FailoverLab> {
    lab = await FailoverLab.open({
      purpose: "swi",
      uplinks: [{}, {}],
      targets: [TARGETS[4][0], TARGETS[6][0]],
      policy: POLICY,
      ...options,
    });
    return lab;
  }

  test(
    "lose nothing and are read back right: A3",
    async () => {
      const world = await open();
      const streams = [
        await world.uplinks.stream({ perSecond: 5_000 }),
        await world.uplinks.stream({ family: 6, perSecond: 5_000, port: 9_010 }),
      ];
      let active = "a";
      for (let i = 0; i < SWITCHES; i++) {
        active = active === "a" ? "b" : "a";
        await world.switchTo(active);
        await world.agent.until(`both families go by ${active}`, async () => {
          const { active_path_id, active_path_id_v6 } = await world.policy();
          return active_path_id === active && active_path_id_v6 === active;
        });
        if (i % 20 === 0) expect([world.kernel(4), world.kernel(6)]).toEqual([active, active]);
      }
      for (const stream of streams) {
        const report = await stream.stop();
        expect(report.lost()).toEqual([]);
        expect(report.duplicates).toEqual([]);
        // Two switches that the sender slept through are one stretch less.
        expect(report.stretches().length).toBeGreaterThan(SWITCHES / 2);
      }
      const events = await world.events(Math.max(0, (await world.lastEvent()) - 800));
      expect(events.filter(({ event_type }) => event_type === "failed")).toEqual([]);
      const spans = events.flatMap((one) => one.duration_ms ?? []).sort((a, b) => a - b);
      const p99 = spans[Math.ceil(spans.length * 0.99) - 1] ?? Number.NaN;
      const median = spans[spans.length >> 1] ?? Number.NaN;
      process.stdout.write(
        `${SWITCHES} switches: decision to verify ms: median ${median} p99 ${p99}\n`,
      );
    },
    LIMIT_MS,
  );

  test(
    "survive the death of any process: one valid route, adopted, nothing lost by it: A11",
    async () => {
      const world = await open();
      const stream = await world.uplinks.stream();
      let active = "a";
      for (let i = 0; i < KILLS; i++) {
        const victim = (["controller", "worker", "supervisor"] as const)[i % 3];
        active = active === "a" ? "b" : "a";
        const order = world.switchTo(active).catch(() => {});
        await Bun.sleep((7 * i) % 11);
        const pid =
          victim === "supervisor"
            ? world.agent.supervisorPid()
            : world.agent.pidOf(victim ?? "worker");
        if (pid !== null) process.kill(pid, "SIGKILL");
        await order;
        if (victim === "supervisor") await world.restart();
        await world.well();
        active = (await world.policy()).active_path_id ?? "?";
        expect(world.kernel(4)).toBe(active);
        const routes = world.uplinks.box.exec(["ip", "route", "show", "table", "158"]);
        expect(routes.match(/metric 1 /g)).toHaveLength(1);
      }
      const events = await world.events();
      const intents = events.filter(({ event_type }) => event_type === "triggered").length;
      const outcomes = events.filter(({ event_type }) =>
        /completed|failed/.test(event_type),
      ).length;
      expect(outcomes).toBe(intents);
      expect((await stream.stop()).lost()).toEqual([]);
    },
    LIMIT_MS,
  );

  test(
    "happen while the disk is full, and their events are stored in order later: A17",
    async () => {
      const folder = scratchFolder();
      const state = join(folder, "state");
      mkdirSync(state);
      const disk = Bun.spawnSync([
        "mount",
        "-t",
        "tmpfs",
        "-o",
        "size=1m,mode=777",
        "tmpfs",
        state,
      ]);
      expect(disk.exitCode).toBe(0);
      try {
        const world = await open({ folder, targets: [TARGETS[4][0]] });
        const ballast = join(state, "ballast");
        Bun.spawnSync(["dd", "if=/dev/zero", `of=${ballast}`, "bs=4k"], { stderr: "ignore" });
        for (const path of ["b", "a", "b"]) {
          await world.switchTo(path);
          await world.uses(path, 3_000);
        }
        const before = await world.moves();
        expect(before).toHaveLength(6);
        const { problems } = await world.agent.json<{ problems: string[] }>("/api/v1/status");
        expect(problems.join()).toContain("events are not stored");
        rmSync(ballast);
        await world.agent.until(
          "events are stored",
          () => world.agent.output.includes("failover records are written again"),
          60_000,
        );
        await world.agent.stop();
        await world.restart();
        expect(await world.moves()).toEqual(before);
        await world.agent.stop();
      } finally {
        Bun.spawnSync(["umount", "-l", state]);
      }
    },
    LIMIT_MS,
  );

  test(
    "routes flush leaves the kernel as it was before the first start",
    async () => {
      const world = await open();
      await world.switchTo("b");
      await world.uses("b");
      await world.agent.stop();
      expect(world.kernelState()).not.toEqual([...world.before]);
      world.command("routes", "flush");
      expect(world.kernelState()).toEqual([...world.before]);
    },
    LIMIT_MS,
  );
});
