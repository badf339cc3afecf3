/**
 * Cases of matching, of ICMP errors and of the end of a run that the fault matrix does not have:
 * `probe` of the compiled file against the lab. The list of all cases is in PROBING-CASES.md.
 */

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { FILE } from "../support/agent.ts";
import type { Behaviour } from "../support/lab/behaviour.ts";
import type { Lab } from "../support/lab/lab.ts";
import { openLab } from "../support/lab/lab.ts";
import { namespaceProblem } from "../support/lab/namespace.ts";
import type { ProbeReport } from "../support/lab/probe-command.ts";
import { readReport, runProbe } from "../support/lab/probe-command.ts";

const problem = namespaceProblem() ?? (existsSync(FILE) ? null : "needs the compiled agent");

describe.skipIf(problem !== null)(`probing cases in the lab (${problem ?? "as root"})`, () => {
  let lab: Lab;
  let last = 0;
  beforeAll(async () => {
    lab = await openLab({ purpose: "cases" });
  });
  afterAll(() => lab?.close());

  /** An address that nobody used yet, with this behaviour. */
  async function host(behaviour: Behaviour, family: 4 | 6 = 4): Promise<string> {
    const octet = 100 + last++;
    const address = family === 4 ? `10.99.1.${octet}` : `fd99::1:${octet}`;
    await lab.behave(address, behaviour);
    return address;
  }

  function probe(address: string, ...flags: string[]): Promise<ProbeReport> {
    return runProbe(lab.namespace, [address, "-i", "20", "-t", "500", ...flags]);
  }

  test("1: duplicates on top of 50 % loss do not hide it", async () => {
    const address = await host({ duplicates: 1, loss: { kind: "pattern", pattern: "x." } });
    const { summary } = await probe(address, "-c", "20");
    expect(summary.outcomes).toMatchObject({ replied: 10, expired: 10, duplicate: 10 });
    expect(summary.loss_pct).toBe(50);
  });

  test("4: replies a window late never credit a later probe", async () => {
    const address = await host({ delayUs: 2_200_000 });
    const { lines, summary } = await probe(address, "-c", "30", "-i", "100", "-t", "1000");
    expect(summary.loss_pct).toBe(100);
    expect(summary.rtt_ms.min).toBeNull();
    const late = lines.filter(({ outcome }) => outcome === "late");
    expect(late.length).toBeGreaterThan(10);
    for (const { rtt_ms } of late) expect(rtt_ms).toBeGreaterThan(2_200);
    expect(lines.filter(({ rtt_ms }) => rtt_ms !== null)).toHaveLength(late.length);
  });

  test("4: with time enough the same delay is an RTT", async () => {
    const address = await host({ delayUs: 2_200_000 });
    const { summary } = await probe(address, "-c", "10", "-t", "5000");
    expect(summary.outcomes).toMatchObject({ replied: 10, expired: 0 });
    expect(summary.rtt_ms.min).toBeGreaterThan(2_200);
  });

  // Below token and number nothing says which probe is answered: that probe is lost, not corrupt.
  test.each([
    [0, { expired: 5, corrupt: 0 }],
    [1, { expired: 5, corrupt: 0 }],
    [13, { expired: 0, corrupt: 5 }],
    [43, { expired: 0, corrupt: 5 }],
  ])("8: a UDP reply of %d octets ends no run and answers nothing", async (octets, outcomes) => {
    const address = await host({ fault: { kind: "truncate", octets } });
    const { summary } = await probe(address, "-c", "5", "--type", "udp", "--size", "56");
    expect(summary.outcomes).toMatchObject({ replied: 0, ...outcomes });
    expect(summary.loss_pct).toBe(100);
  });

  test("10: the number of the next probe is not its reply", async () => {
    for (const family of [4, 6] as const) {
      const address = await host({ fault: { kind: "wrong-seq" } }, family);
      const { summary } = await probe(address, "-c", "10");
      expect(summary.outcomes).toMatchObject({ replied: 0, expired: 10, corrupt: 0 });
    }
  });

  const errors4 = [0, 1, 3, 4, 9, 10, 13].map((code) => ({ family: 4, type: 3, code }) as const);
  const errors6 = [0, 1, 3, 4].map((code) => ({ family: 6, type: 1, code }) as const);
  test.each([...errors4, ...errors6])(
    "14: IPv$family type $type code $code ends its probe at once, with its cause",
    async ({ family, type, code }) => {
      const address = await host({ error: { kind: "unreachable", code } }, family);
      const { lines } = await probe(address, "-c", "3", "-t", "5000");
      expect(lines.map(({ outcome }) => outcome)).toEqual(Array(3).fill("unreachable"));
      expect(lines.map((line) => line.code)).toEqual(Array(3).fill((type << 8) | code));
    },
  );

  test.each([
    { family: 4, cause: 0x0b00 },
    { family: 6, cause: 0x0300 },
  ] as const)("14: time exceeded over IPv$family", async ({ family, cause }) => {
    const address = await host({ error: { kind: "ttl-exceeded" } }, family);
    const { lines } = await probe(address, "-c", "3", "-t", "5000");
    expect(lines.map((line) => line.code)).toEqual([cause, cause, cause]);
  });

  test("34: probes in flight at the end are neither lost nor counted", async () => {
    const address = await host({ delayUs: 300_000 });
    const flags = ["-c", "1000", "-i", "20", "-t", "2000", "--json"];
    const command = lab.namespace.command([FILE, "probe", address, ...flags]);
    const child = Bun.spawn(command, { stdout: "pipe", stderr: "inherit" });
    await Bun.sleep(1_500);
    child.kill("SIGINT");
    const { lines, summary } = readReport(await new Response(child.stdout).text());
    expect(await child.exited).toBe(0);
    expect(summary.loss_pct).toBe(0);
    expect(summary.sent).toBe(summary.received);
    expect(lines).toHaveLength(summary.received);
    const asked = await lab.record(address);
    expect(asked.length).toBeGreaterThan(summary.sent + 5);
  });

  test("35: a timeout shorter than the interval, and one of many intervals", async () => {
    const near = await host({ delayUs: 5_000 });
    const far = await host({ delayUs: 150_000 });
    const short = ["-c", "5", "-i", "200", "-t", "100"];
    expect((await probe(near, ...short)).summary.outcomes).toMatchObject({ replied: 5 });
    // Each reply comes between its timeout and the next probe; the run ends before the last one's.
    const { outcomes } = (await probe(far, ...short)).summary;
    expect(outcomes).toMatchObject({ replied: 0, expired: 5, late: 4 });
    const long = ["-c", "50", "-i", "10", "-t", "1000"];
    expect((await probe(far, ...long)).summary.outcomes).toMatchObject({ replied: 50, expired: 0 });
  });
});
