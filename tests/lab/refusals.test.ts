/**
 * What our own host refuses: a firewall, missing routes, a full queue. Each refusal is `unsent`
 * with its errno and nothing else: no loss, no lost probe of another target, no busy loop. One is
 * missing here: of an ICMPv6 datagram socket the kernel does not tell that a firewall dropped the
 * packet.
 */

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { FILE } from "../support/agent.ts";
import { namespaceProblem } from "../support/lab/namespace.ts";
import { readReport } from "../support/lab/probe-command.ts";
import { LINK, TARGET, TwoLinks } from "../support/lab/two-links.ts";

const problem = namespaceProblem() ?? (existsSync(FILE) ? null : "needs the compiled agent");
const COUNT = 60;
const INTERVAL_MS = 20;
/** Far more than sixty refused sends take, far less than a loop that does not sleep. */
const CPU_MAX_MS = 900;

const ERRNO = {
  EPERM: 1,
  EACCES: 13,
  EINVAL: 22,
  ENETUNREACH: 101,
  ENOBUFS: 105,
  EHOSTUNREACH: 113,
};
/** A firewall's drop is "blocked locally"; the rest are routes. */
const REFUSED = {
  "10.77.1.1": ERRNO.EPERM,
  "10.77.2.1": ERRNO.EHOSTUNREACH,
  "10.77.2.2": ERRNO.EACCES,
  "10.77.2.3": ERRNO.EINVAL,
  "10.77.2.4": ERRNO.ENETUNREACH,
};
const MODES = [
  ["raw", "1 0"],
  ["dgram", "0 2147483647"],
] as const;

describe.skipIf(problem !== null)(`18: refused sends (${problem ?? "as root"})`, () => {
  let links: TwoLinks;
  beforeAll(() => {
    links = new TwoLinks("refuse");
    const { near } = links;
    for (const family of ["ip", "ip6"]) {
      near.exec(["nft", "add", "table", family, "lab"]);
      const chain = "{ type filter hook output priority 0 ; }";
      near.exec(["nft", "add", "chain", family, "lab", "out", chain]);
    }
    near.exec(["nft", "add", "rule", "ip", "lab", "out", "ip", "daddr", "10.77.1.1", "drop"]);
    near.exec(["nft", "add", "rule", "ip6", "lab", "out", "ip6", "daddr", "fd77::2", "drop"]);
    near.exec(["ip", "route", "add", "unreachable", "10.77.2.1"]);
    near.exec(["ip", "route", "add", "prohibit", "10.77.2.2"]);
    near.exec(["ip", "route", "add", "blackhole", "10.77.2.3"]);
    near.exec(["ip", "route", "add", "throw", "10.77.2.4"]);
  });
  afterAll(() => links?.close());

  /** All addresses in one run, with a target that answers, which must not suffer. */
  async function probe(addresses: readonly string[], ...flags: string[]) {
    const pace = ["-c", `${COUNT}`, "-i", `${INTERVAL_MS}`, "-t", "400", "--json"];
    const args = ["probe", ...addresses, TARGET[4], ...pace, ...flags];
    const child = Bun.spawn(links.near.command([FILE, ...args]), { stdout: "pipe" });
    const report = readReport(await new Response(child.stdout).text());
    await child.exited;
    const cpuMs = Number(child.resourceUsage()?.cpuTime.total ?? 0) / 1_000;
    expect(cpuMs).toBeLessThan(CPU_MAX_MS);
    const summaryOf = (address: string) =>
      report.summaries.find((summary) => summary.address === address)?.outcomes ?? {};
    return { ...report, summaryOf };
  }

  async function expectRefused(
    wanted: Readonly<Record<string, number>>,
    ...flags: string[]
  ): Promise<void> {
    const { lines, summaries, summaryOf } = await probe(Object.keys(wanted), ...flags);
    for (const [address, errno] of Object.entries(wanted)) {
      const own = lines.filter((line) => line.address === address);
      expect(own.map(({ outcome, code }) => [address, outcome, code])).toEqual(
        Array(COUNT).fill([address, "unsent", errno]),
      );
      expect(summaries.find((summary) => summary.address === address)?.loss_pct).toBeNull();
    }
    // A port that nobody serves refuses UDP.
    const { replied = 0, unreachable = 0, ...rest } = summaryOf(TARGET[4]);
    expect(replied + unreachable).toBe(COUNT);
    expect(rest).toMatchObject({ expired: 0, unsent: 0 });
  }

  test.each(MODES)("by %s ICMP sockets", (_, range) => {
    links.near.sysctl("net.ipv4.ping_group_range", range);
    return expectRefused(REFUSED);
  });

  test("by UDP sockets", () => expectRefused(REFUSED, "--type", "udp"));

  test("over IPv6, by a raw socket", () => {
    links.near.sysctl("net.ipv4.ping_group_range", "1 0");
    return expectRefused({ "fd77::2": ERRNO.EPERM });
  });

  test("a queue that takes nothing is a full buffer, and the link recovers with it", async () => {
    const tc = (action: string, ...rest: string[]) =>
      links.near.exec(["tc", "qdisc", action, "dev", LINK.b.device, "root", ...rest]);
    const flags = ["-I", LINK.b.device];
    // The far end's hardware address must be known: a packet that waits for it counts as sent.
    expect((await probe([], ...flags)).summaryOf(TARGET[4])["replied"]).toBe(COUNT);
    tc("add", "bfifo", "limit", "1");
    const { lines } = await probe([], ...flags);
    expect(lines.map(({ outcome, code }) => [outcome, code])).toEqual(
      Array(COUNT).fill(["unsent", ERRNO.ENOBUFS]),
    );
    tc("del");
    expect((await probe([], ...flags)).summaryOf(TARGET[4])["replied"]).toBe(COUNT);
  });
});
