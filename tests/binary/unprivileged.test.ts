/** The agent without any privilege: it says what it can use, and works with UDP. */

import { afterAll, describe, expect, test } from "bun:test";
import { chownSync, mkdirSync } from "node:fs";
import type { RunningAgent } from "../support/agent.ts";
import { scratchFolder, startAgent } from "../support/agent.ts";
import type { Namespace } from "../support/lab/namespace.ts";
import { createNamespace } from "../support/lab/namespace.ts";

const NOBODY = 65_534;
const isRoot = process.getuid?.() === 0;

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
    namespace.sysctl("net.ipv4.ping_group_range", "1 0");
    agent = startAgent({ config: null, folder, prefix });
    await agent.until("udp up", async () => {
      const { paths } = (await agent?.json<Snapshot>("/api/v1/health/snapshot")) ?? { paths: [] };
      return paths.some((path) => path.path_id === "loopback-udp" && path.status === "up");
    });
    const { paths } = await agent.json<Snapshot>("/api/v1/health/snapshot");
    expect(paths.find((path) => path.path_id === "loopback-icmp")?.status).toBe("unknown");
    const status = await agent.json<Status>("/api/v1/status");
    expect(status.worker.abilities).toMatchObject({ icmp4: "none", udp4: "dgram" });
    expect(status.problems.join("\n")).toMatch(/ICMP.*(ping_group_range|CAP_NET_RAW)/);
    expect(await agent.stop()).toBe(0);
  });
});
