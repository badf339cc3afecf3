/**
 * Deleting translated flows of one uplink: those of its address go, by one message in IPv4 and one
 * by one elsewhere; flows of the other uplink, untranslated ones and those of other policies stay.
 */

import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { parseAddress } from "../../agent/domain/address.ts";
import type { FlowSelection, Prefix } from "../../agent/wire/net-frames.ts";
import type { Namespace } from "../support/lab/namespace.ts";
import { createNamespace, namespaceProblem } from "../support/lab/namespace.ts";
import { NetWorker } from "../support/net-worker.ts";

const LIST = join(import.meta.dir, "../support/lab/flow-list.ts");
const problem = namespaceProblem();

/** Two uplinks; hosts behind us are addresses of the loopback device here. */
const NETS = {
  4: {
    hosts: ["192.168.7.5", "192.168.8.5"],
    uplinks: ["10.1.0.2", "10.2.0.2"],
    gateways: ["10.1.0.1", "10.2.0.1"],
    servers: ["192.0.2.9", "198.51.100.9"],
    lengths: { host: 24, uplink: 24, server: 32 },
  },
  6: {
    hosts: ["fd77::5", "fd88::5"],
    uplinks: ["fd11::2", "fd12::2"],
    gateways: ["fd11::1", "fd12::1"],
    servers: ["2001:db8:1::9", "2001:db8:2::9"],
    lengths: { host: 64, uplink: 64, server: 128 },
  },
} as const;

function address(text: string): Uint8Array {
  const parsed = parseAddress(text);
  if (parsed === null) throw new Error(`not an address: ${text}`);
  return parsed.bytes;
}

function prefix(text: string, length: number): Prefix {
  return { address: address(text), length };
}

describe.skipIf(problem !== null)(`flows of an uplink (${problem ?? "as root"})`, () => {
  let near: Namespace;
  let far: Namespace;
  let net: NetWorker;

  beforeAll(async () => {
    near = createNamespace("nlf-near");
    far = createNamespace("nlf-far");
    for (const i of [0, 1]) {
      const device = `wan${i}`;
      const pair = ["type", "veth", "peer", "name", device, "netns", far.name];
      near.exec(["ip", "link", "add", device, ...pair]);
      far.exec(["ip", "link", "set", device, "up"]);
      near.exec(["ip", "link", "set", device, "up"]);
      for (const family of [4, 6] as const) connect(family, i);
    }
    for (const family of ["ip", "ip6"]) {
      const chain = "{ type nat hook postrouting priority 100; }";
      near.exec(["nft", `add table ${family} t; add chain ${family} t p ${chain}`]);
      near.exec(["nft", `add rule ${family} t p oifname "wan*" masquerade`]);
    }
    net = new NetWorker(near.command([]));
    await net.worker.hello();
    expect((await net.watch({})).canResetFlows).toBe(true);
  }, 20_000);
  afterAll(async () => {
    await net?.worker.sweep();
    near?.close();
    far?.close();
  });

  /** No far end answers: a fixed neighbour is enough for packets to leave. */
  function connect(family: 4 | 6, i: number): void {
    const { hosts, uplinks, gateways, servers, lengths } = NETS[family];
    const [ip, device] = [["ip", `-${family}`], `wan${i}`];
    const nodad = family === 6 ? ["nodad"] : [];
    near.exec([...ip, "addr", "add", `${hosts[i]}/${lengths.host}`, "dev", "lo", ...nodad]);
    near.exec([...ip, "addr", "add", `${uplinks[i]}/${lengths.uplink}`, "dev", device, ...nodad]);
    const neighbour = `${gateways[i]}`;
    const lladdr = ["lladdr", "02:00:00:00:00:01", "dev", device];
    near.exec([...ip, "neigh", "replace", neighbour, ...lladdr]);
    const server = `${servers[i]}/${lengths.server}`;
    near.exec([...ip, "route", "add", server, "via", neighbour, "dev", device]);
  }

  /** One flow of every host, and one of our own, to every server. */
  beforeEach(async () => {
    const pings = ([4, 6] as const).flatMap((family) => {
      const { hosts, uplinks, servers } = NETS[family];
      return servers.flatMap((server, i) =>
        [...hosts, uplinks[i] ?? ""].map((source) =>
          near.command(["ping", `-${family}`, "-c1", "-W1", "-I", source, server]),
        ),
      );
    });
    const children = pings.map((command) =>
      Bun.spawn(command, { stdout: "ignore", stderr: "ignore" }),
    );
    await Bun.sleep(300);
    for (const child of children) child.kill();
    await Promise.all(children.map((child) => child.exited));
  });

  /** Distinct flows of a family as `SOURCE>DESTINATION=REPLY`. */
  function flows(family: 4 | 6): string[] {
    const servers: readonly string[] = NETS[family].servers;
    const lines = near.exec([process.execPath, LIST]).trim().split("\n");
    const ours = lines.filter((line) => servers.some((one) => line.includes(`>${one}=`)));
    return [...new Set(ours)].toSorted();
  }

  async function remove(selection: FlowSelection): Promise<void> {
    await net.done({ kind: "delete-flows", flows: selection });
  }

  describe.each([4, 6] as const)("IPv%d", (family) => {
    const { hosts, uplinks, servers } = NETS[family];
    const [first] = uplinks;
    const any = { family, address: address(first), from: null, to: null };
    const ofHost = (i: number) => `${hosts[i]}>${servers[0]}=${first}`;

    test("translated flows of the address go, those of the other uplink stay", async () => {
      const before = flows(family);
      expect(before).toHaveLength(6);
      await remove(any);
      const left = flows(family);
      expect(left.filter((line) => line.endsWith(`=${uplinks[1]}`))).toHaveLength(3);
      expect(left).not.toContain(ofHost(0));
      expect(left).not.toContain(ofHost(1));
    });

    test("with a policy's source only its own flows go", async () => {
      const before = flows(family);
      await remove({ ...any, from: prefix(hosts[1], NETS[family].lengths.host) });
      expect(flows(family)).toEqual(before.filter((line) => line !== ofHost(1)));
    });

    test("with a policy's destination that nobody talks to nothing goes", async () => {
      const before = flows(family);
      await remove({ ...any, to: prefix(uplinks[1], 32) });
      expect(flows(family)).toEqual(before);
    });
  });

  test("the outcome counts flows that were deleted one by one", async () => {
    const { hosts, uplinks } = NETS[6];
    const selection = { family: 6, address: address(uplinks[0]), to: null } as const;
    const outcome = await net.order({
      kind: "delete-flows",
      flows: { ...selection, from: prefix(hosts[0], 128) },
    });
    expect(outcome.kind === "done" && (outcome.flows ?? 0) > 0).toBe(true);
  });
});
