/**
 * The compiled agent with routes, a hook and a track file on a box with two uplinks: `routes` tells
 * what it keeps, a cut cable is told to both, and after a flush nothing of it is left.
 */

import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import type { RunningAgent } from "../support/agent.ts";
import { FILE, scratchFolder, startAgent } from "../support/agent.ts";
import { namespaceProblem } from "../support/lab/namespace.ts";
import { Uplinks } from "../support/lab/uplinks.ts";

const problem = namespaceProblem();
const LIMIT_MS = 60_000;

describe.skipIf(problem !== null)(`routes of an agent (${problem ?? "as root"})`, () => {
  let uplinks: Uplinks;
  let folder = "";
  let shared = "";
  let before: readonly string[] = [];
  let agent: RunningAgent;

  beforeAll(async () => {
    uplinks = await Uplinks.open({ purpose: "ragt", uplinks: [{}, {}] });
    uplinks.box.sysctl("net.ipv4.conf.all.rp_filter", "1");
  }, LIMIT_MS);
  afterAll(async () => {
    await agent?.sweep();
    await uplinks?.close();
  });

  beforeEach(async () => {
    before = stateOf();
    folder = scratchFolder();
    shared = join(folder, "shared");
    mkdirSync(shared);
    chmodSync(shared, 0o777); // the controller has a user of its own
    const hook = join(folder, "hook.sh");
    writeFileSync(hook, `#!/bin/sh\nenv > ${shared}/$PATRONUS_EVENT.$PATRONUS_EVENT_ID\n`);
    chmodSync(hook, 0o755);
    const config = configuration(hook, join(shared, "wan"));
    agent = startAgent({ config, prefix: uplinks.box.command([]), folder });
    await agent.until("scores of both paths", async () => {
      const body = await agent.json<{ paths: { status: string }[] }>("/api/v1/health/snapshot");
      return body.paths.every(({ status }) => status === "up");
    });
  }, LIMIT_MS);

  function stateOf(): readonly string[] {
    const lines = (args: string) => uplinks.box.exec(["ip", ...args.split(" ")]).split("\n");
    const keys = ["rp_filter", "ignore_routes_with_linkdown"].flatMap((key) =>
      ["wan0", "wan1"].map((device) => `net.ipv4.conf.${device}.${key}`),
    );
    const tables = ["-4 rule show", "-6 rule show", "-4 route show table all"];
    const routes = lines("-6 route show table all").sort();
    return [...tables.flatMap(lines), ...routes, uplinks.box.exec(["sysctl", ...keys])];
  }

  function routes(...args: readonly string[]) {
    const config = join(folder, "agent.yaml");
    const command = uplinks.box.command([FILE, "routes", ...args, "-c", config]);
    const { exitCode, stdout, stderr } = Bun.spawnSync(command);
    return { exitCode, out: stdout.toString().trim(), problems: stderr.toString().trim() };
  }

  /** The environments of the hooks of one event, as lines. */
  function hooked(event: string): string[][] {
    return readdirSync(shared)
      .filter((name) => name.startsWith(`${event}.`))
      .map((name) => readFileSync(join(shared, name), "utf8").split("\n"));
  }

  test(
    "they are shown, guarded from a flush, and leave no trace after one",
    async () => {
      await agent.until("the plan in the kernel", () => routes("show").exitCode === 0);
      expect(stateOf()).not.toEqual(before);
      expect(JSON.parse(routes("show", "--json").out)).toMatchObject({ agent_running: true });
      expect(routes("flush").problems).toContain("cannot flush: an agent runs");
      await agent.until("the track file", () => number(join(shared, "wan")) === 0);
      await uplinks.cut("a");
      const completed = () => hooked("completed").find((one) => one.includes("PATRONUS_FAMILY=4"));
      await agent.until("the hook", () => completed() !== undefined);
      expect(completed()).toContain("PATRONUS_FROM_PATH=fiber");
      expect(completed()).toContain("PATRONUS_TO_PATH=lte");
      expect(completed()).toContain("PATRONUS_POLICY_NAME=everything");
      expect(hooked("triggered").length).toBeGreaterThanOrEqual(1);
      await agent.until("the track file", () => number(join(shared, "wan")) === 30);
      await uplinks.mend("a");
      expect(await agent.stop()).toBe(0);
      expect(routes("flush")).toMatchObject({ exitCode: 0, problems: "" });
      expect(stateOf()).toEqual(before);
    },
    LIMIT_MS,
  );
});

function number(file: string): number | null {
  return existsSync(file) ? Number(readFileSync(file, "utf8")) : null;
}

function configuration(hook: string, track: string): string {
  return `
paths:
  - { id: fiber, interface: wan0, profile: fast, targets: [10.77.0.1] }
  - { id: lte, interface: wan1, profile: fast, targets: [10.77.0.1] }
policies:
  - id: 1
    name: everything
    primary: fiber
    backups: [lte]
    route: { match: [{ to: default }], ipv6: nat }
hooks:
  - { on: [triggered, completed], exec: ${hook} }
coordination:
  track_file: { path: ${track}, of_policy: 1, dwell_secs: 1 }
`;
}
