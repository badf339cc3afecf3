/** A device that goes down, disappears and returns: probing stays bound to it and resumes. */

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import type { Namespace } from "../support/lab/namespace.ts";
import { createNamespace, namespaceProblem } from "../support/lab/namespace.ts";

const SCRIPT = join(import.meta.dir, "../support/device-run.ts");
const problem = namespaceProblem();

type Counts = Readonly<Record<string, number>>;
type Phases = Readonly<Record<"up" | "down" | "upAgain" | "gone" | "back", readonly Counts[]>>;

describe.skipIf(problem !== null)(`probes through a device (${problem ?? "namespaces"})`, () => {
  let near: Namespace;
  let far: Namespace;
  let phases: Phases;

  beforeAll(() => {
    near = createNamespace("dev-near");
    far = createNamespace("dev-far");
    // The far host would answer only one closed port per second.
    far.sysctl("net.ipv4.icmp_ratelimit", "0");
    phases = JSON.parse(near.exec([process.execPath, SCRIPT, far.name]));
  }, 30_000);
  afterAll(() => {
    near.close();
    far.close();
  });

  test("while it is up, ICMP and UDP are answered", () => {
    for (const counts of phases.up) expect(Object.keys(counts)).toEqual(["replied"]);
  });

  test("while it is down, probes are unsent: our host refuses them", () => {
    for (const counts of phases.down) expect(counts["unsent"]).toBeGreaterThan(4);
  });

  test("up again, the same sockets go on", () => {
    for (const counts of phases.upAgain) expect(counts["replied"]).toBeGreaterThan(20);
  });

  test("without the device, probes are unsent, not sent another way", () => {
    for (const counts of phases.gone) {
      expect(counts["unsent"]).toBeGreaterThan(4);
      expect(counts["replied"] ?? 0).toBe(0);
    }
  });

  test("a device of the same name with another index is probed without a restart", () => {
    for (const counts of phases.back) expect(Object.keys(counts)).toEqual(["replied"]);
  });
});
