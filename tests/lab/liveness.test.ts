/**
 * Death and life of paths, on the compiled agent: targets fall silent at once, one by one, while
 * everything else goes on being probed; the log says when each verdict came. FULL=1 kills 50 paths
 * of each profile.
 */

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import type { RunningAgent } from "../support/agent.ts";
import { FILE, startAgent } from "../support/agent.ts";
import type { Lab } from "../support/lab/lab.ts";
import { openLab } from "../support/lab/lab.ts";
import { namespaceProblem } from "../support/lab/namespace.ts";

const problem = namespaceProblem() ?? (existsSync(FILE) ? null : "needs the compiled agent");
const DEATHS = process.env["FULL"] === "1" ? 50 : 6;
const RTT_US = 20_000;
/** Behind the bar of the design: what a shared host may add before the test complains. */
const HOST_MS = 150;
const BARS_MS = { fast: 500, balanced: 3_000 } as const;
type Profile = keyof typeof BARS_MS;
const PROFILES: readonly Profile[] = ["fast", "balanced"];

const NET = { fast: 1, balanced: 2 } as const;
const address = (profile: Profile, i: number) => `10.99.${NET[profile]}.${i + 1}`;
const pathId = (profile: Profile, i: number) => `${profile}-${i}`;
const everyPath = PROFILES.flatMap((profile) =>
  Array.from({ length: DEATHS }, (_, i) => ({ profile, i })),
);
const STEP = "10.99.3.1";
const BURST = "10.99.3.2";
const QUORUM = ["10.99.3.11", "10.99.3.12", "10.99.3.13"];

const CONFIG = `
paths:
${everyPath
  .map(({ profile, i }) => {
    const target = address(profile, i);
    return `  - { id: ${pathId(profile, i)}, profile: ${profile}, targets: [${target}] }`;
  })
  .join("\n")}
  - { id: step, profile: balanced, targets: [${STEP}] }
  - { id: burst, profile: fast, targets: [${BURST}] }
  - { id: quorum, profile: fast, reliability: 2, targets: [${QUORUM.join(", ")}] }
`;

interface Snapshot {
  readonly paths: readonly {
    readonly path_id: string;
    readonly status: string;
    readonly health_score: number | null;
    readonly limiting: string;
    readonly samples: number;
  }[];
}

describe.skipIf(problem !== null)(`liveness (${problem ?? "as root"})`, () => {
  let lab: Lab;
  let agent: RunningAgent;
  beforeAll(async () => {
    lab = await openLab({ purpose: "alive" });
    const all = [...everyPath.map(({ profile, i }) => address(profile, i)), STEP, BURST, ...QUORUM];
    for (const target of all) await lab.behave(target, { delayUs: RTT_US });
    agent = startAgent({ config: CONFIG, prefix: lab.namespace.command([]) });
    await agent.until("every path is up", async () => (await notUp()).length === 0, 30_000);
  });
  afterAll(async () => {
    await agent?.sweep();
    await lab?.close();
  });

  async function snapshot(): Promise<Snapshot["paths"]> {
    return (await agent.json<Snapshot>("/api/v1/health/snapshot")).paths;
  }

  async function notUp(): Promise<string[]> {
    return (await snapshot()).filter(({ status }) => status !== "up").map(({ path_id }) => path_id);
  }

  async function path(id: string) {
    const found = (await snapshot()).find(({ path_id }) => path_id === id);
    if (found === undefined) throw new Error(`no path ${id}`);
    return found;
  }

  /** Unix ms of the log lines that tell such a change of a path. */
  function changes(id: string, words: string): number[] {
    return agent.output
      .split("\n")
      .filter((line) => line.includes(`path=${id} `) && line.includes("path status changed"))
      .filter((line) => line.includes(words))
      .map((line) => Date.parse(/ts=(\S+)/.exec(line)?.[1] ?? ""));
  }

  test.each(PROFILES)("%s: silence is death within its bar, replies are life", async (profile) => {
    const spans: number[] = [];
    for (let i = 0; i < DEATHS; i++) {
      const id = pathId(profile, i);
      // Not in step with the schedule: every death finds another moment of it.
      await Bun.sleep(37 * (i % 7));
      const died = Date.now();
      await lab.behave(address(profile, i), { delayUs: RTT_US, loss: { kind: "all" } });
      await agent.until(`${id} is down`, () => changes(id, "cause=silence").length > 0);
      spans.push((changes(id, "cause=silence")[0] ?? 0) - died);
    }
    spans.sort((a, b) => a - b);
    const at = (share: number) => spans[Math.ceil(share * spans.length) - 1] ?? 0;
    console.log(`${profile}: death to verdict ms: median ${at(0.5)} p99 ${at(0.99)} of ${DEATHS}`);
    expect(at(1)).toBeLessThanOrEqual(BARS_MS[profile] + HOST_MS);
    expect((await path(pathId(profile, 0))).limiting).toBe("reachability");
    for (let i = 0; i < DEATHS; i++) await lab.behave(address(profile, i), { delayUs: RTT_US });
    await agent.until("all are back", async () => (await notUp()).length === 0, 10_000);
    const back = await path(pathId(profile, 0));
    expect(back.health_score).toBeGreaterThanOrEqual(80);
    expect(changes(pathId(profile, 0), "cause=replies")).toHaveLength(1);
  });

  test("a rise of the RTT to 450 ms is no death", async () => {
    await lab.behave(STEP, { delayUs: 450_000 });
    await Bun.sleep(6_000);
    expect(changes("step", "cause=silence")).toEqual([]);
  });

  test("bursts of 150 ms are no death under fast", async () => {
    for (let i = 0; i < 8; i++) {
      await lab.behave(BURST, { delayUs: RTT_US, loss: { kind: "all" } });
      await Bun.sleep(150);
      await lab.behave(BURST, { delayUs: RTT_US });
      await Bun.sleep(400);
    }
    expect(changes("burst", "cause=silence")).toEqual([]);
  });

  test("k = 2 of 3: one silent target leaves the path up, the second takes it down", async () => {
    const [first = "", second = ""] = QUORUM;
    await lab.behave(first, { delayUs: RTT_US, loss: { kind: "all" } });
    await Bun.sleep(1_500);
    expect(changes("quorum", "cause=silence")).toEqual([]);
    await lab.behave(second, { delayUs: RTT_US, loss: { kind: "all" } });
    await agent.until("down", () => changes("quorum", "cause=silence").length === 1, 2_000);
    await lab.behave(second, { delayUs: RTT_US });
    await agent.until("up", () => changes("quorum", "cause=replies").length === 1, 3_000);
  });
});
