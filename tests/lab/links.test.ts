/**
 * The running agent on a box whose uplink comes and goes: link down, another address, the device
 * made anew under another index or under another name, nothing there at the start. Nothing of that
 * needs a restart, nothing of it is loss of the path, and the other uplink does not notice.
 */

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import type { RunningAgent } from "../support/agent.ts";
import { FILE, startAgent } from "../support/agent.ts";
import { namespaceProblem } from "../support/lab/namespace.ts";
import { LINK, SPARE_NET, TARGET, TwoLinks } from "../support/lab/two-links.ts";

const problem = namespaceProblem() ?? (existsSync(FILE) ? null : "needs the compiled agent");
const B = LINK.b.device;
const FAR_LOCAL = "fe80::158";
const INTERVAL_MS = 1_000;
/** Two intervals, and what the agent may hold a calm result back: half of one. */
const RESUME_MS = 2.5 * INTERVAL_MS;
const PATHS = {
  other: `targets: ["${TARGET[4]}"], interface: ${LINK.a.device}`,
  four: `targets: ["${TARGET[4]}"], interface: ${B}`,
  six: `targets: ["${TARGET[6]}"], interface: ${B}`,
  source: `targets: ["${TARGET[4]}"], interface: ${B}, source: 10.78.2.1`,
  local: `targets: ["${FAR_LOCAL}%${B}"], interface: ${B}`,
  zone: `targets: ["${FAR_LOCAL}%${B}"]`,
} as const;
type Id = keyof typeof PATHS;
const ON_B: readonly Id[] = ["four", "six", "source", "local"];

function configOf(ids: readonly Id[], more = ""): string {
  return `
health: { check_interval_secs: 1, probes_per_check: 1, min_samples: 5 }
paths:
${ids.map((id) => `  - { id: ${id}, ${PATHS[id]} }`).join("\n")}
${more}`;
}

type Outcomes = Readonly<Record<string, number>>;

interface Path {
  readonly path_id: string;
  readonly status: string;
  readonly targets: readonly { readonly outcomes: Outcomes }[];
}

async function pathsOf(agent: RunningAgent): Promise<ReadonlyMap<string, Path>> {
  const { paths } = await agent.json<{ paths: Path[] }>("/api/v1/health/snapshot");
  return new Map(paths.map((path) => [path.path_id, path]));
}

async function outcomesOf(agent: RunningAgent, id: string): Promise<Outcomes> {
  return (await pathsOf(agent)).get(id)?.targets[0]?.outcomes ?? {};
}

async function repliesOf(agent: RunningAgent, id: string): Promise<number> {
  return (await outcomesOf(agent, id))["replied"] ?? 0;
}

/** Throws unless each of `ids` gets a further reply within two intervals. */
async function resumes(agent: RunningAgent, ids: readonly string[]): Promise<void> {
  await Promise.all(
    ids.map(async (id) => {
      const before = await repliesOf(agent, id);
      const more = async () => (await repliesOf(agent, id)) > before;
      await agent.until(`path ${id} to resume`, more, RESUME_MS);
    }),
  );
}

/** What each of `ids` came to during `ms`. */
async function during(agent: RunningAgent, ids: readonly string[], ms: number) {
  const before = await Promise.all(ids.map((id) => outcomesOf(agent, id)));
  await Bun.sleep(ms);
  const after = await Promise.all(ids.map((id) => outcomesOf(agent, id)));
  return after.map((outcomes, i) =>
    Object.fromEntries(
      Object.entries(outcomes)
        .map(([kind, n]) => [kind, n - (before[i]?.[kind] ?? 0)] as const)
        .filter(([, n]) => n > 0),
    ),
  );
}

describe.skipIf(problem !== null)(`an uplink that changes (${problem ?? "as root"})`, () => {
  let links: TwoLinks;
  let agent: RunningAgent;
  let pids: number[];
  beforeAll(async () => {
    links = new TwoLinks("links");
    giveFarLocal();
    agent = startAgent({
      config: configOf(["other", ...ON_B, "zone"]),
      prefix: links.near.command([]),
    });
    await agent.until("all up", async () => {
      const paths = [...(await pathsOf(agent)).values()];
      return paths.length > 0 && paths.every(({ status }) => status === "up");
    });
    pids = agent.children();
  });
  afterAll(async () => {
    await agent?.sweep();
    links?.close();
  });

  function giveFarLocal(): void {
    const address = ["addr", "replace", `${FAR_LOCAL}/64`, "dev", LINK.b.far, "nodad"];
    links.far.exec(["ip", "-6", ...address]);
  }

  /** Our own link-local address is usable after duplicate address detection, within 2 s. */
  async function localIsUsable(): Promise<void> {
    const show = ["ip", "-6", "-o", "addr", "show", "dev", B, "scope", "link", "-tentative"];
    await agent.until("a link-local address", () => links.near.exec(show) !== "", 5_000);
  }

  async function expectUndisturbed(): Promise<void> {
    const { replied = 0, ...rest } = await outcomesOf(agent, "other");
    expect(replied).toBeGreaterThan(4);
    expect(Object.values(rest).every((n) => n === 0)).toBe(true);
    expect(agent.children()).toEqual(pids);
  }

  test("16, 55: a link down for 4 s: unsent, not lost; said once; then it goes on", async () => {
    const lines = agent.output.split("\n").length;
    links.lower("b");
    const seen = await during(agent, ON_B, 4_000);
    for (const outcomes of seen) {
      expect(Object.keys(outcomes).filter((kind) => kind !== "replied")).toEqual(["unsent"]);
      expect(outcomes["unsent"]).toBeGreaterThanOrEqual(2);
    }
    // One line for each path whose status changed at most, and the sockets' problems.
    expect(agent.output.split("\n").length - lines).toBeLessThanOrEqual(2 * ON_B.length);
    links.raise("b");
    await localIsUsable();
    await resumes(agent, [...ON_B, "zone"]);
    await expectUndisturbed();
  });

  test("21: another address by DHCP: probing goes on from it", async () => {
    links.near.exec(["ip", "addr", "del", "10.78.2.1/24", "dev", B]);
    links.raise("b", SPARE_NET);
    await resumes(agent, ["four", "six", "local"]);
    const [outcomes] = await during(agent, ["source"], 2_500);
    expect(outcomes?.["unsent"]).toBeGreaterThanOrEqual(1);
    expect(outcomes?.["replied"] ?? 0).toBe(0);
    links.raise("b");
    await resumes(agent, ON_B);
    await expectUndisturbed();
  });

  test("22: the device made anew has another index: sockets follow", async () => {
    links.unplug("b");
    const seen = await during(agent, ON_B, 2_500);
    for (const outcomes of seen) expect(outcomes["unsent"]).toBeGreaterThanOrEqual(1);
    links.plug("b");
    giveFarLocal();
    await localIsUsable();
    await resumes(agent, [...ON_B, "zone"]);
    await expectUndisturbed();
  });

  test("22: renamed, it is not probed on, nor is one that took its name taken for it", async () => {
    const { near } = links;
    // Faster than an interval: no send fails meanwhile.
    near.exec(["ip", "link", "set", B, "down"]);
    near.exec(["ip", "link", "set", B, "name", "lnkx"]);
    near.exec(["ip", "link", "set", "lnkx", "up"]);
    near.exec(["ip", "link", "add", B, "type", "veth", "peer", "decoy"]);
    near.exec(["ip", "link", "set", B, "up"]);
    const route = ["default", "via", "10.78.2.2", "dev", "lnkx", "metric", "200"];
    near.exec(["ip", "route", "replace", ...route]);
    await Bun.sleep(2 * INTERVAL_MS);
    const [outcomes] = await during(agent, ["four"], 3 * INTERVAL_MS);
    expect(outcomes?.["replied"] ?? 0).toBe(0);
    near.exec(["ip", "link", "del", B]);
    const [missing] = await during(agent, ["four"], 3 * INTERVAL_MS);
    expect(Object.keys(missing ?? {})).toContain("unsent");
    near.exec(["ip", "link", "set", "lnkx", "down"]);
    near.exec(["ip", "link", "set", "lnkx", "name", B]);
    links.raise("b");
    await localIsUsable();
    await resumes(agent, [...ON_B, "zone"]);
    await expectUndisturbed();
  });
});

describe.skipIf(problem !== null)(`a start without anything (${problem ?? "as root"})`, () => {
  let links: TwoLinks;
  let agent: RunningAgent;
  beforeAll(() => {
    links = new TwoLinks("start");
  });
  afterAll(async () => {
    await agent?.sweep();
    links?.close();
  });

  test("17: no device, no address, no route, no such name: it waits and then probes", async () => {
    links.unplug("b");
    const more = "  - { id: name, targets: [nowhere.invalid] }\n";
    const config = configOf(["other", "four", "six", "source"], more);
    agent = startAgent({ config, prefix: links.near.command([]) });
    await agent.until("the other path", async () => (await repliesOf(agent, "other")) > 4);
    const paths = await pathsOf(agent);
    for (const id of ["four", "six", "source", "name"]) {
      expect(paths.get(id)?.status).not.toBe("up");
    }
    expect((await outcomesOf(agent, "four"))["unsent"]).toBeGreaterThan(0);
    const pids = agent.children();
    links.plug("b");
    await resumes(agent, ["four", "six", "source"]);
    expect(agent.children()).toEqual(pids);
    expect((await pathsOf(agent)).get("name")?.status).toBe("unknown");
  });
});
