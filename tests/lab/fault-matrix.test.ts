/**
 * Faulty hosts as an operator meets them: `probe` of the compiled file against one address of the
 * lab per fault, over IPv4, IPv6 and UDP. Every peer that was looked at gets some of these wrong: a
 * duplicate hides a loss, a reply from elsewhere or with a broken payload counts, a late one too.
 */

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { FILE } from "../support/agent.ts";
import type { Behaviour } from "../support/lab/behaviour.ts";
import type { Lab } from "../support/lab/lab.ts";
import { openLab } from "../support/lab/lab.ts";
import { namespaceProblem } from "../support/lab/namespace.ts";

const problem = namespaceProblem() ?? (existsSync(FILE) ? null : "needs the compiled agent");
const COUNT = 10;

interface Summary {
  readonly sent: number;
  readonly received: number;
  readonly loss_pct: number | null;
  readonly outcomes: Readonly<Record<string, number>>;
  readonly rtt_ms: { readonly mean: number | null; readonly max: number | null };
}

interface Row {
  readonly name: string;
  readonly behaviour: Behaviour;
  /** Outcome counts that must hold exactly; the others must be 0. */
  readonly outcomes: Readonly<Record<string, number>>;
  readonly protocols?: readonly Protocol[];
}

type Protocol = "icmp" | "icmpv6" | "udp";
const ALL: readonly Protocol[] = ["icmp", "icmpv6", "udp"];
const PING: readonly Protocol[] = ["icmp", "icmpv6"];

const ROWS: readonly Row[] = [
  { name: "a good host", behaviour: {}, outcomes: { replied: COUNT } },
  {
    name: "each reply twice",
    behaviour: { duplicates: 1 },
    outcomes: { replied: COUNT, duplicate: COUNT },
  },
  {
    name: "replies from another address",
    behaviour: { fault: { kind: "other-source" } },
    outcomes: { expired: COUNT, mismatched: COUNT },
  },
  {
    name: "a payload octet flipped, the checksum right",
    behaviour: { fault: { kind: "flip" } },
    outcomes: { corrupt: COUNT },
  },
  {
    name: "a wrong ICMP checksum",
    behaviour: { fault: { kind: "bad-checksum" } },
    outcomes: { corrupt: COUNT },
    protocols: ["icmp"], // the kernel drops it for ICMPv6 and UDP: nothing arrives
  },
  {
    name: "replies cut short",
    behaviour: { fault: { kind: "truncate", octets: 8 } },
    outcomes: { corrupt: COUNT },
    protocols: PING,
  },
  {
    name: "IP options in the reply",
    behaviour: { fault: { kind: "ip-options" } },
    outcomes: { replied: COUNT },
    protocols: ["icmp"],
  },
  {
    name: "another id",
    behaviour: { fault: { kind: "wrong-id" } },
    outcomes: { expired: COUNT },
    protocols: PING,
  },
  {
    name: "the request mirrored",
    behaviour: { fault: { kind: "mirror" } },
    outcomes: { expired: COUNT },
    protocols: PING,
  },
  {
    name: "host unreachable",
    behaviour: { error: { kind: "unreachable", code: 1 } },
    outcomes: { unreachable: COUNT },
  },
  {
    name: "time to live exceeded",
    behaviour: { error: { kind: "ttl-exceeded" } },
    outcomes: { unreachable: COUNT },
  },
  {
    name: "every fifth lost",
    behaviour: { loss: { kind: "nth", n: 5 } },
    outcomes: { replied: 8, expired: 2 },
  },
  { name: "nothing", behaviour: { loss: { kind: "all" } }, outcomes: { expired: COUNT } },
  {
    name: "a closed port",
    behaviour: { udp: "closed" },
    outcomes: { unreachable: COUNT },
    protocols: ["udp"],
  },
];

const cases = ROWS.flatMap((row, i) =>
  (row.protocols ?? ALL).map((protocol) => ({ ...row, protocol, octet: 20 + i })),
);

describe.skipIf(problem !== null)(`the fault matrix (${problem ?? "as root"})`, () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await openLab({ purpose: "matrix" });
  });
  afterAll(() => lab?.close());

  function probe(address: string, protocol: Protocol, ...flags: string[]): Summary {
    const udp = protocol === "udp" ? ["--type", "udp", "--port", "7"] : [];
    const args = ["probe", address, "-c", `${COUNT}`, "-i", "30", "-t", "600", "--json", "-q"];
    const { stdout } = Bun.spawnSync(lab.namespace.command([FILE, ...args, ...udp, ...flags]));
    return JSON.parse(stdout.toString());
  }

  test.each(cases)("$name over $protocol", async ({ behaviour, outcomes, protocol, octet }) => {
    const address = protocol === "icmpv6" ? `fd99::${octet}` : `10.99.0.${octet}`;
    await lab.behave(address, behaviour);
    const summary = probe(address, protocol);
    const seen = Object.fromEntries(Object.entries(summary.outcomes).filter(([, n]) => n > 0));
    // Final classes of expired probes come later than the command waits.
    delete seen["lost"];
    expect(seen).toEqual({ ...outcomes });
    expect(summary.sent).toBe(COUNT);
    const replied = outcomes["replied"] ?? 0;
    expect(summary.loss_pct).toBe((100 * (COUNT - replied)) / COUNT);
    expect(summary.rtt_ms.mean === null).toBe(replied === 0);
  });

  test("replies after the timeout are late: loss 100 %, no sample of latency", async () => {
    await lab.behave("10.99.0.90", { delayUs: 700_000 });
    const summary = probe("10.99.0.90", "icmp");
    expect(summary.loss_pct).toBe(100);
    expect(summary.rtt_ms.max).toBeNull();
    expect(summary.outcomes["late"]).toBeGreaterThan(0);
  });

  test("alternating delays of 10 and 80 ms: reordered, nothing lost, each RTT its own", async () => {
    await lab.behave("10.99.0.91", { alternateUs: [80_000, 10_000] });
    const summary = probe("10.99.0.91", "icmp");
    expect(summary.outcomes).toMatchObject({ replied: COUNT, duplicate: 0 });
    expect(summary.outcomes["reordered"]).toBeGreaterThan(0);
    expect(summary.rtt_ms.max).toBeGreaterThan(79);
    expect(summary.rtt_ms.max).toBeLessThan(300);
  });

  test("an interval of 20 ms with an RTT of 200 ms: many in flight, none of them lost", async () => {
    await lab.behave("10.99.0.92", { delayUs: 200_000 });
    const summary = probe("10.99.0.92", "icmp", "-i", "20", "-c", "30");
    expect(summary.outcomes).toMatchObject({ replied: 30, expired: 0 });
  });
});
