/**
 * What leaves the box, and by which link: captures of the probes themselves. Two uplinks with a
 * default route each, the first preferred.
 */

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseAddress } from "../../agent/domain/address.ts";
import type { RunningAgent } from "../support/agent.ts";
import { FILE, scratchFolder, startAgent } from "../support/agent.ts";
import { namespaceProblem } from "../support/lab/namespace.ts";
import type { Packet } from "../support/lab/packet.ts";
import { half, isEchoRequest, isUdp, parsePacket } from "../support/lab/packet.ts";
import { captureProblem, startCapture } from "../support/lab/packet-capture.ts";
import type { ProbeReport } from "../support/lab/probe-command.ts";
import { readReport, runProbe } from "../support/lab/probe-command.ts";
import type { LinkName } from "../support/lab/two-links.ts";
import { LINK, TARGET, TwoLinks } from "../support/lab/two-links.ts";

const problem =
  namespaceProblem() ?? captureProblem() ?? (existsSync(FILE) ? null : "needs the compiled agent");
const COUNT = 5;
const ECHO_HEADER = 8;

describe.skipIf(problem !== null)(`probes on the wire (${problem ?? "as root"})`, () => {
  let links: TwoLinks;
  beforeAll(() => {
    links = new TwoLinks("wire");
  });
  afterAll(() => links?.close());

  /** The probes that left by each link while `body` ran. */
  async function sentDuring<T>(body: () => Promise<T>) {
    const capture = (name: LinkName) =>
      startCapture(links.near, {
        device: LINK[name].device,
        direction: "out",
        filter: "icmp or icmp6 or udp",
      });
    const [a, b] = [await capture("a"), await capture("b")];
    const result = await body();
    const probes = async (ended: ReturnType<typeof a.stop>) =>
      (await ended).map(({ raw }) => parsePacket(raw)).filter((packet) => isProbe(packet));
    const [byA, byB] = await Promise.all([probes(a.stop()), probes(b.stop())]);
    return { result, a: byA, b: byB };
  }

  function isProbe(packet: Packet | null): packet is Packet {
    return packet !== null && (isEchoRequest(packet) || isUdp(packet));
  }

  function probe(...flags: string[]): Promise<ProbeReport> {
    return runProbe(links.near, ["-c", `${COUNT}`, "-i", "20", "-t", "400", ...flags]);
  }

  const families = [4, 6] as const;

  test.each(families)("20: unbound over IPv%d they take the preferred route", async (family) => {
    const { result, a, b } = await sentDuring(() => probe(TARGET[family]));
    expect(result.summary.outcomes["replied"]).toBe(COUNT);
    expect([a.length, b.length]).toEqual([COUNT, 0]);
  });

  test.each(families)("20: bound over IPv%d they leave by their device", async (family) => {
    const { result, a, b } = await sentDuring(() => probe(TARGET[family], "-I", LINK.b.device));
    expect(result.summary.outcomes["replied"]).toBe(COUNT);
    expect([a.length, b.length]).toEqual([0, COUNT]);
  });

  test.each(families)(
    "20: over IPv%d none takes the other link when it is down",
    async (family) => {
      const { result, a, b } = await sentDuring(async () => {
        links.lower("b");
        try {
          return await probe(TARGET[family], "-I", LINK.b.device);
        } finally {
          links.raise("b");
        }
      });
      expect(result.summary.outcomes).toMatchObject({ unsent: COUNT, replied: 0, expired: 0 });
      expect(result.summary.loss_pct).toBeNull();
      expect([a.length, b.length]).toEqual([0, 0]);
    },
  );

  describe("23: with a mark that a rule sends by the other link", () => {
    const MARK = 0x158;
    let agent: RunningAgent | null = null;
    beforeAll(() => {
      for (const [option, gateway] of [
        ["-4", "10.78.2.2"],
        ["-6", "fd78:2::2"],
      ] as const) {
        const ip = ["ip", option];
        links.near.exec([...ip, "rule", "add", "fwmark", `${MARK}`, "lookup", "107"]);
        const route = ["default", "via", gateway, "dev", LINK.b.device, "table", "107"];
        links.near.exec([...ip, "route", "add", ...route]);
      }
    });

    test.each([
      ["raw", "1 0"],
      ["dgram", "0 2147483647"],
    ])("%s sockets", async (mode, range) => {
      links.near.sysctl("net.ipv4.ping_group_range", range);
      const { a, b } = await sentDuring(async () => {
        const targets = `["${TARGET[4]}", "${TARGET[6]}"]`;
        const config = `
health: { check_interval_secs: 1, probes_per_check: 10, min_samples: 5 }
paths: [{ id: marked, targets: ${targets}, probe: { fwmark: ${MARK} } }]
`;
        const running = startAgent({ config, prefix: links.near.command([]) });
        agent = running;
        await running.until("probing", async () => {
          const { worker, ...status } = await running.json<{
            worker: { abilities: { icmp4: string } | null };
            problems: string[];
          }>("/api/v1/status");
          expect(status.problems).toEqual([]);
          const { paths } = await running.json<{ paths: { status: string }[] }>(
            "/api/v1/health/snapshot",
          );
          return worker.abilities?.icmp4 === mode && paths[0]?.status === "up";
        });
      });
      await agent?.sweep();
      expect(a).toEqual([]);
      expect(new Set(b.map(({ family }) => family))).toEqual(new Set(families));
    });
    afterAll(() => agent?.sweep());
  });

  const SHAPE = ["--dscp", "46", "--ttl", "7", "--size", "200"];
  test.each([
    { name: "ICMP", flags: [TARGET[4]] },
    { name: "ICMPv6", flags: [TARGET[6]] },
    { name: "UDP over IPv4", flags: [TARGET[4], "--type", "udp", "--port", "9"] },
    { name: "UDP over IPv6", flags: [TARGET[6], "--type", "udp", "--port", "9"] },
  ])("24: $name carries DSCP, TTL and size", async ({ flags }) => {
    const { a } = await sentDuring(() => probe(...flags, ...SHAPE));
    expect(a).toHaveLength(COUNT);
    for (const packet of a) {
      expect(dscpOf(packet)).toBe(46);
      expect(packet.ttl).toBe(7);
      expect(packet.body.byteLength).toBe(ECHO_HEADER + 200);
    }
  });

  test("24: without flags the payload is not empty and differs between probes", async () => {
    const { a } = await sentDuring(() => probe(TARGET[4]));
    expect(a.map(({ body }) => body.byteLength)).toEqual(Array(COUNT).fill(ECHO_HEADER + 56));
    expect(new Set(a.map(({ body }) => body.subarray(ECHO_HEADER).join())).size).toBe(COUNT);
    expect(a.map((packet) => [dscpOf(packet), packet.ttl])).toEqual(Array(COUNT).fill([0, 64]));
  });

  test.each([
    ["raw", "1 0"],
    ["dgram", "0 2147483647"],
  ])("11: two runs at once in pid namespaces of their own have two ids (%s)", async (_, range) => {
    links.near.sysctl("net.ipv4.ping_group_range", range);
    const { result, a } = await sentDuring(() => {
      const flags = ["-c", "40", "-i", "20", "-t", "400", "--json"];
      const command = ["unshare", "--pid", "--fork", FILE, "probe", TARGET[4], ...flags];
      return Promise.all([1, 2].map(() => reportOf(links.near.command(command))));
    });
    for (const { summary } of result) {
      const quiet = { expired: 0, duplicate: 0, corrupt: 0, mismatched: 0, reordered: 0 };
      expect(summary.outcomes).toMatchObject({ replied: 40, ...quiet });
    }
    expect(new Set(a.map(({ body }) => half(body, 4))).size).toBe(2);
  });

  test("26: a link-local address with a zone is probed on its link", async () => {
    const text = links.far.exec(["ip", "-6", "-o", "addr", "show", "dev", LINK.b.far]);
    const local = /fe80::[0-9a-f:]+/.exec(text)?.[0] ?? "";
    const { result, b } = await sentDuring(() => probe(`${local}%${LINK.b.device}`));
    expect(result.summary.outcomes["replied"]).toBe(COUNT);
    expect(b.map(({ target }) => target)).toEqual(Array(COUNT).fill(parseAddress(local)?.bytes));
  });

  describe("26: names", () => {
    const folder = problem === null ? scratchFolder() : "";
    afterAll(() => rmSync(folder, { recursive: true, force: true }));

    /** With a hosts file of its own: `ip netns exec` gives each command its own mounts. */
    function probeNames(hosts: string, ...flags: string[]): Promise<ProbeReport> {
      const file = join(folder, "hosts");
      writeFileSync(file, hosts);
      const script = 'mount --bind "$0" /etc/hosts && exec "$@"';
      const args = [FILE, "probe", "--json", "-c", `${COUNT}`, "-i", "20", "-t", "400", ...flags];
      return reportOf(links.near.command(["sh", "-c", script, file, ...args]));
    }

    test("with only an IPv6 address", async () => {
      const { summary } = await probeNames(`${TARGET[6]} six\n`, "six");
      expect(summary).toMatchObject({ address: TARGET[6], received: COUNT });
    });

    test("with both, while there is no route for IPv6: IPv4 it is", async () => {
      for (const { device } of Object.values(LINK)) {
        links.near.exec(["ip", "-6", "route", "del", "default", "dev", device]);
      }
      try {
        const { summary } = await probeNames(`${TARGET[6]} both\n${TARGET[4]} both\n`, "both");
        expect(summary).toMatchObject({ address: TARGET[4], received: COUNT });
      } finally {
        for (const name of ["a", "b"] as const) links.raise(name);
      }
    });
  });
});

async function reportOf(command: readonly string[]): Promise<ProbeReport> {
  const child = Bun.spawn([...command], { stdout: "pipe", stderr: "pipe" });
  const texts = [child.stdout, child.stderr].map((stream) => new Response(stream).text());
  const [text = "", problems = ""] = await Promise.all(texts);
  await child.exited;
  return readReport(text, problems);
}

/** The upper six bits of the second octet, or of the traffic class. */
function dscpOf({ family, raw }: Packet): number {
  return family === 4 ? (raw[1] ?? 0) >>> 2 : (half(raw, 0) >>> 6) & 0x3f;
}
