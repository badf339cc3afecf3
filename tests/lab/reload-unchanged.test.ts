/** A reload of an unchanged file: no message to the kernel's tables, no window reset, no event. */

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Subprocess } from "bun";
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

/** TEST-NET-3: no test has them. */
const MARKS = { first: "203.0.113.1", last: "203.0.113.2" } as const;

interface Snapshot {
  readonly paths: readonly { readonly samples: number; readonly status: string }[];
}

/** What the kernel tells of its tables, between two marks of ours. */
class Monitor {
  readonly #links: TwoLinks;
  readonly #process: Subprocess<"ignore", "pipe", "ignore">;
  #text = "";

  constructor(links: TwoLinks) {
    this.#links = links;
    const command = ["ip", "monitor", "route", "rule", "link", "address"];
    const stdio = ["ignore", "pipe", "ignore"] as const;
    this.#process = Bun.spawn(links.near.command(command), { stdio: [...stdio] });
    void this.#read();
  }

  /** Makes the mark until it is told of: a route nobody uses. */
  sees(mark: keyof typeof MARKS): boolean {
    if (this.#text.includes(MARKS[mark])) return true;
    const route = ["blackhole", MARKS[mark], "table", "4242"];
    this.#links.near.exec(["ip", "route", "replace", ...route]);
    this.#links.near.exec(["ip", "route", "del", ...route]);
    return false;
  }

  /** The lines that are about no mark. */
  end(): readonly string[] {
    this.#process.kill();
    const isMark = (line: string) => Object.values(MARKS).some((mark) => line.includes(mark));
    return this.#text.split("\n").filter((line) => line.trim() !== "" && !isMark(line));
  }

  async #read(): Promise<void> {
    for await (const chunk of this.#process.stdout) this.#text += new TextDecoder().decode(chunk);
  }
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
    // The monitor would show the end of the kernel's search for duplicates as a change.
    const searching = () => links.near.exec(["ip", "-6", "-o", "addr", "show", "tentative"]);
    await agent.until("link-local addresses", () => searching().trim() === "");
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
    const monitor = new Monitor(links);
    await agent.until("the monitor", () => monitor.sees("first"));
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
    await agent.until("the end of the monitor", () => monitor.sees("last"));
    expect(monitor.end()).toEqual([]);
    expect(agent.output.split("\n").length).toBe(lines + 1);
  });
});
