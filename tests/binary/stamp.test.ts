/** The compiled agent with STAMP targets: the key on its way to the worker, directions in JSON. */

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { RunningAgent } from "../support/agent.ts";
import { FILE, scratchFolder, startAgent } from "../support/agent.ts";
import type { Reflector } from "../support/stamp-reflector.ts";
import { openReflector } from "../support/stamp-reflector.ts";

const KEY = "a shared secret";

interface Target {
  readonly status: string;
  readonly probe: string;
  readonly one_way_forward_ms: number | null;
  readonly forward_loss_pct: number | null;
  readonly backward_loss_pct: number | null;
  readonly outcomes: Readonly<Record<string, number>>;
}

interface Snapshot {
  readonly paths: readonly { readonly targets: readonly Target[] }[];
}

describe.skipIf(!existsSync(FILE))("the agent with STAMP targets", () => {
  const folder = scratchFolder();
  const keyFile = join(folder, "key");
  let agent: RunningAgent;
  let open: Reflector;
  let sealed: Reflector;

  beforeAll(async () => {
    // The controller has a user of its own, who must be able to read it.
    writeFileSync(keyFile, `${KEY}\n`, { mode: 0o644 });
    // Every fifth reply is lost on its way back.
    let replies = 0;
    const change = (reply: Buffer) => (++replies % 5 === 0 ? null : reply);
    open = await openReflector({ countFrom: 40_000, change });
    sealed = await openReflector({ key: KEY });
    const probe = (port: number, more = "") => `probe: { type: stamp, port: ${port}${more} }`;
    agent = startAgent({
      config: `
health: { check_interval_secs: 1, probes_per_check: 20, min_samples: 5, window_probes: 20 }
paths:
  - id: a
    targets:
      - { host: 127.0.0.1, ${probe(open.port)} }
      - { host: 127.0.0.1, ${probe(sealed.port, `, key_file: ${keyFile}`)} }
      - { host: 127.0.0.1, ${probe(sealed.port, ", dscp: 1, key_file: /nonexistent/key")} }
`,
    });
  });
  afterAll(async () => {
    await agent.sweep();
    open.close();
    sealed.close();
    rmSync(folder, { recursive: true });
  });

  async function targets(): Promise<readonly Target[]> {
    const { paths } = await agent.json<Snapshot>("/api/v1/health/snapshot");
    return paths[0]?.targets ?? [];
  }

  test("loss is split by direction, a key works, a missing one sends nothing", async () => {
    const replied = async () => ((await targets())[0]?.outcomes["replied"] ?? 0) >= 30;
    await agent.until("30 replies", replied, 15_000);
    const [counting, keyed, missing] = await targets();
    expect(counting?.probe).toBe("stamp");
    expect(counting?.forward_loss_pct).toBe(0);
    expect(counting?.backward_loss_pct).toBeGreaterThan(10);
    expect(counting?.backward_loss_pct).toBeLessThan(30);
    expect(keyed?.outcomes).toMatchObject({ corrupt: 0, expired: 0, unsent: 0 });
    expect(keyed?.status).toBe("up");
    expect(keyed?.forward_loss_pct).toBeNull();
    expect(missing?.outcomes["replied"]).toBe(0);
    expect(missing?.outcomes["unsent"]).toBeGreaterThan(0);
    expect(agent.output).toContain("cannot read the STAMP key file");
  }, 30_000);
});
