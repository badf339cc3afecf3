/** keepalived itself reads our file: its VRRP priority follows, and at once. */

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Subprocess } from "bun";
import { writeTrackFile } from "../../agent/io/hooks/track-file.ts";
import type { Namespace } from "../support/lab/namespace.ts";
import { createNamespace, namespaceProblem } from "../support/lab/namespace.ts";
import { startCapture } from "../support/lab/packet-capture.ts";

const problem = namespaceProblem() ?? (Bun.which("keepalived") ? null : "needs keepalived");
/** VRRPv3, RFC 5798 5.1: the priority is the third octet behind the IP header. */
const IPV4_OCTETS = 20;
const PRIORITY_AT = 2;

describe.skipIf(problem !== null)(`keepalived (${problem ?? "as root"})`, () => {
  let box: Namespace;
  let folder = "";
  let keepalived: Subprocess;
  let track = "";

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "plab-track-"));
    track = join(folder, "wan");
    box = createNamespace("track");
    box.exec(["ip", "link", "add", "lan0", "type", "veth", "peer", "lan1"]);
    box.exec(["ip", "addr", "add", "10.9.0.2/24", "dev", "lan0"]);
    for (const device of ["lan0", "lan1"]) box.exec(["ip", "link", "set", device, "up"]);
    expect(writeTrackFile(track, 0)).toBeNull();
    writeFileSync(join(folder, "keepalived.conf"), configuration(track));
    const pids = ["-p", "a", "-r", "b"].map((one) => (one.length === 1 ? `${folder}/${one}` : one));
    const flags = ["--dont-fork", "--log-console", "--vrrp", "-f", `${folder}/keepalived.conf`];
    keepalived = Bun.spawn(box.command(["keepalived", ...flags, ...pids]), {
      stdout: "ignore",
      stderr: "ignore",
    });
    await until(100);
  }, 20_000);
  afterAll(async () => {
    keepalived?.kill("SIGTERM");
    await keepalived?.exited;
    box?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  /** The priorities advertised for a moment, in their order. */
  async function advertised(): Promise<number[]> {
    const capture = await startCapture(box, { device: "lan1", direction: "in", filter: "vrrp" });
    await Bun.sleep(400);
    return (await capture.stop()).map(({ raw }) => raw[IPV4_OCTETS + PRIORITY_AT] ?? -1);
  }

  async function until(priority: number): Promise<void> {
    let seen: number[] = [];
    for (let turn = 0; turn < 12; turn++) {
      seen = await advertised();
      if (seen.at(-1) === priority) return;
    }
    throw new Error(`the priority is not ${priority}: ${seen.join(" ")}`);
  }

  test("takes a number that was moved onto the name of its file", async () => {
    for (const [value, priority] of [
      [30, 70],
      [0, 100],
      [90, 10],
      [0, 100],
    ] as const) {
      expect(writeTrackFile(track, value)).toBeNull();
      const seen = await advertised();
      expect(seen.length).toBeGreaterThan(2);
      expect(seen.at(-1)).toBe(priority);
      // Never a value between, such as that of an empty file.
      expect(new Set(seen).size).toBeLessThanOrEqual(2);
    }
  }, 20_000);
});

function configuration(track: string): string {
  return `
global_defs { router_id lab }
track_file wan { file ${track}
  weight -1
}
vrrp_instance V1 {
  state MASTER
  interface lan0
  virtual_router_id 51
  priority 100
  advert_int 0.1
  version 3
  virtual_ipaddress { 10.9.0.1/24 }
  track_file { wan }
}
`;
}
