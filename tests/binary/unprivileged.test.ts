/** The agent without any privilege: it says what it can use, and works with UDP. */

import { afterAll, describe, expect, test } from "bun:test";
import { chownSync, mkdirSync } from "node:fs";
import type { RunningAgent } from "../support/agent.ts";
import { scratchFolder, startAgent } from "../support/agent.ts";
import type { Namespace } from "../support/namespaces.ts";
import { createNamespace } from "../support/namespaces.ts";

const NOBODY = 65_534;
const isRoot = process.getuid?.() === 0;
const CONFIG = `
health: { check_interval_secs: 1, probes_per_check: 10 }
echo: { listen: "127.0.0.1:9717" }
paths:
  - { id: icmp, targets: [127.0.0.1] }
  - { id: udp, targets: [{ host: 127.0.0.1, probe: { type: udp, port: 9717 } }] }
`;

interface Status {
  readonly problems: string[];
  readonly worker: { abilities: { icmp4: string; udp4: string } | null };
}

interface Snapshot {
  readonly paths: { path_id: string; status: string }[];
}

describe.skipIf(!isRoot)("unprivileged (skipped: needs root to give privileges away)", () => {
  const namespace: Namespace | null = isRoot ? createNamespace("unpriv") : null;
  let agent: RunningAgent | null = null;

  afterAll(async () => {
    await agent?.sweep();
    namespace?.close();
  });

  test("run without capability and with ping_group_range closed probes by UDP and says so", async () => {
    if (namespace === null) throw new Error("no namespace");
    const folder = scratchFolder();
    for (const name of ["state", "run"]) {
      mkdirSync(`${folder}/${name}`);
      chownSync(`${folder}/${name}`, NOBODY, NOBODY);
    }
    const drop = ["setpriv", `--reuid=${NOBODY}`, `--regid=${NOBODY}`, "--clear-groups"];
    const prefix = [...namespace.command([]), ...drop, "--bounding-set=-all", "--inh-caps=-all"];
    agent = startAgent({ config: CONFIG, folder, prefix });
    await agent.until("udp up", async () => {
      const { paths } = (await agent?.json<Snapshot>("/api/v1/health/snapshot")) ?? { paths: [] };
      return paths.some((path) => path.path_id === "udp" && path.status === "up");
    });
    const { paths } = await agent.json<Snapshot>("/api/v1/health/snapshot");
    expect(paths.find((path) => path.path_id === "icmp")?.status).toBe("unknown");
    const status = await agent.json<Status>("/api/v1/status");
    expect(status.worker.abilities).toMatchObject({ icmp4: "none", udp4: "dgram" });
    expect(status.problems.join("\n")).toMatch(/ICMP.*(ping_group_range|CAP_NET_RAW)/);
    expect(await agent.stop()).toBe(0);
  });
});
