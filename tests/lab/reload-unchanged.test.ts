/** A reload of an unchanged file: no message to the kernel's tables, no window reset, no event. */

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { RunningAgent } from "../support/agent.ts";
import { FILE, startAgent } from "../support/agent.ts";
import { namespaceProblem } from "../support/lab/namespace.ts";
import { LINK, TARGET, TwoLinks } from "../support/lab/two-links.ts";

const problem = namespaceProblem() ?? (existsSync(FILE) ? null : "needs the compiled agent");
const CONFIG = `
health: { check_interval_secs: 1, probes_per_check: 20, window_probes: 40 }
paths:
  - { id: a, interface: ${LINK.a.device}, targets: [${TARGET[4]}] }
  - { id: b, interface: ${LINK.b.device}, targets: [${TARGET[4]}] }
policies: [{ id: 1, primary: a, backups: [b], route: { match: [{ to: default }] } }]
`;

interface Snapshot {
  readonly paths: readonly { readonly samples: number; readonly status: string }[];
}

describe.skipIf(problem !== null)(`a reload (${problem ?? "as root"})`, () => {
  let links: TwoLinks;
  let agent: RunningAgent;
  beforeAll(async () => {
    links = new TwoLinks("same");
    agent = startAgent({ config: CONFIG, prefix: links.near.command([]) });
    await agent.until(
      "full windows",
      async () => {
        const { paths } = await agent.json<Snapshot>("/api/v1/health/snapshot");
        return paths.every(({ samples, status }) => samples >= 40 && status === "up");
      },
      20_000,
    );
  });
  afterAll(async () => {
    await agent?.sweep();
    links?.close();
  });

  async function reload(line: string): Promise<void> {
    const count = () => agent.output.split(line).length;
    const before = count();
    agent.process.kill("SIGHUP");
    await agent.until(line, () => count() > before);
  }

  const touches = {
    "the same octets": (text: string) => text,
    "another comment": (text: string) => `# touched\n${text}`,
    "a default written out": (text: string) => text.replace("id: a,", "id: a, cost: 1,"),
  } as const;

  test.each(Object.entries(touches))("of %s changes nothing", async (_, touch) => {
    const file = join(agent.folder, "agent.yaml");
    writeFileSync(file, touch(readFileSync(file, "utf8")));
    const monitor = Bun.spawn(
      links.near.command(["ip", "-ts", "monitor", "route", "rule", "link", "address"]),
      {
        stdio: ["ignore", "pipe", "ignore"],
      },
    );
    const events = new Response(monitor.stdout).text();
    const lines = agent.output.split("\n").length;
    const tables = () => ["-4", "-6"].map((family) => links.near.exec(["ip", family, "rule"]));
    const before = tables();
    await reload("nothing changed");
    const { paths } = await agent.json<Snapshot>("/api/v1/health/snapshot");
    expect(paths.map(({ samples, status }) => [samples, status])).toEqual([
      [40, "up"],
      [40, "up"],
    ]);
    expect(tables()).toEqual(before);
    monitor.kill();
    expect(await events).toBe("");
    expect(agent.output.split("\n").length).toBe(lines + 1);
  });
});
