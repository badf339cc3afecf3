/** The lab held against fping and the kernel's UDP: what it promises is what others see. */

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { Lab } from "../support/lab/lab.ts";
import { openLab } from "../support/lab/lab.ts";
import { createNamespace, namespaceProblem, sweepNamespaces } from "../support/lab/namespace.ts";

const problem = namespaceProblem();

interface Count {
  readonly sent: number;
  readonly received: number;
  readonly meanMs: number;
  readonly text: string;
}

describe.skipIf(problem !== null)(`the responder (${problem ?? "as root"})`, () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await openLab({ purpose: "responder", seed: 11 });
  });
  afterAll(async () => {
    await lab?.close();
  });

  async function fping(addresses: readonly string[], ...options: string[]): Promise<Count> {
    const command = ["fping", "-c", "20", "-p", "25", "-t", "200", ...options, ...addresses];
    const child = Bun.spawn(lab.namespace.command(command), { stdout: "pipe", stderr: "pipe" });
    const [out, err] = await Promise.all([
      new Response(child.stdout).text(),
      new Response(child.stderr).text(),
    ]);
    const [line, sent, received] = /= (\d+)\/(\d+)\/.*/.exec(err) ?? [];
    if (line === undefined) throw new Error(`no count in: ${out}${err}`);
    const meanMs = Number(/min\/avg\/max = [\d.]+\/([\d.]+)/.exec(line)?.[1]);
    return { sent: Number(sent), received: Number(received), meanMs, text: out + err };
  }

  for (const address of ["10.99.0.20", "fd99::20"]) {
    test(`a delay of 20 ms is 20 ms to fping (${address})`, async () => {
      await lab.behave(address, { delayUs: 20_000 });
      const { sent, received, meanMs } = await fping([address]);
      expect([sent, received]).toEqual([20, 20]);
      expect(meanMs).toBeGreaterThanOrEqual(20);
      expect(meanMs).toBeLessThan(60); // fping's own wake-ups, on a busy box
      const delays = (await lab.record(address))
        .map(({ arrivedUs, departedUs }) => (departedUs ?? 0) - arrivedUs)
        .sort((a, b) => a - b);
      expect(delays.length).toBe(20);
      expect(delays[0]).toBeGreaterThanOrEqual(20_000);
      expect(delays[0]).toBeLessThan(20_200);
      expect(delays[10]).toBeLessThan(22_000);
    });
  }

  test("every 5th is lost, and the record says which", async () => {
    await lab.behave("10.99.0.21", { loss: { kind: "nth", n: 5 } });
    expect(await fping(["10.99.0.21"])).toMatchObject({ sent: 20, received: 16 });
    const record = await lab.record("10.99.0.21");
    const lost = record.flatMap(({ decision, seq }) => (decision === "lost" ? [seq] : []));
    expect(lost).toEqual([4, 9, 14, 19]);
    expect(record.every((e) => (e.departedUs === null) === (e.decision === "lost"))).toBe(true);
  });

  test("each reply comes twice", async () => {
    await lab.behave("10.99.0.22", { delayUs: 2_000, duplicates: 1 });
    const { received, text } = await fping(["10.99.0.22"], "-a");
    expect(received).toBe(20);
    expect(text.match(/duplicate for/g)?.length).toBe(20);
  });

  test("fping reads an unreachable as one, and the record counts it as sent", async () => {
    await lab.behave("10.99.0.23", { error: { kind: "unreachable", code: 1 } });
    const { received, text } = await fping(["10.99.0.23"]);
    expect(received).toBe(0);
    expect(text).toContain("ICMP Host Unreachable");
    const record = await lab.record("10.99.0.23");
    expect(record.map(({ decision }) => decision)).toEqual(Array(20).fill("error"));
    expect(record.every(({ departedUs }) => departedUs !== null)).toBe(true);
  });

  test("a TTL exceeded is one", async () => {
    await lab.behave("10.99.0.24", { error: { kind: "ttl-exceeded" } });
    const { received, text } = await fping(["10.99.0.24"]);
    expect(received).toBe(0);
    expect(text).toContain("ICMP Time Exceeded");
  });

  for (const address of ["10.99.0.25", "fd99::25"]) {
    test(`a reply with IP options is a reply (${address})`, async () => {
      await lab.behave(address, { fault: { kind: "ip-options" } });
      expect((await fping([address])).received).toBe(20);
    });
  }

  test("a wrong id is nobody's reply", async () => {
    await lab.behave("10.99.0.27", { fault: { kind: "wrong-id" } });
    expect((await fping(["10.99.0.27"])).received).toBe(0);
  });

  test("a blackhole opens and closes while the lab runs", async () => {
    await lab.behave("10.99.0.28", { loss: { kind: "all" } });
    expect((await fping(["10.99.0.28"])).received).toBe(0);
    await lab.behave("10.99.0.28", {});
    await lab.forget("10.99.0.28");
    expect((await fping(["10.99.0.28"])).received).toBe(20);
    expect((await lab.record("10.99.0.28")).length).toBe(20);
  });

  test("without carrier nothing arrives, and with it again everything does", async () => {
    await lab.setCarrier(false);
    expect((await fping(["10.99.0.29"])).received).toBe(0);
    await lab.setCarrier(true);
    expect((await fping(["10.99.0.29"])).received).toBe(20);
    expect((await lab.record("10.99.0.29")).length).toBe(20);
  });

  /** What a datagram of "hello" to port 7 gets back, or the error of its socket. */
  function udpEcho(address: string): string {
    const script = `exec 3<>/dev/udp/${address}/7; echo hello >&3; timeout 0.3 head -n 1 <&3`;
    const { stdout, stderr } = Bun.spawnSync(lab.namespace.command(["bash", "-c", script]));
    return stdout.toString() + stderr.toString();
  }

  test("UDP is echoed over IPv4 and IPv6", () => {
    expect(udpEcho("10.99.0.30")).toBe("hello\n");
    expect(udpEcho("fd99::30")).toBe("hello\n");
  });

  test("a closed UDP port refuses the connection over IPv4 and IPv6", async () => {
    for (const address of ["10.99.0.31", "fd99::31"]) {
      await lab.behave(address, { udp: "closed" });
      expect(udpEcho(address)).toContain("Connection refused");
    }
  });

  for (const [address, code, said] of [
    ["10.99.0.32", 13, "No route to host"],
    ["fd99::32", 1, "Permission denied"],
  ] as const) {
    test(`the kernel finds the socket of a prohibited datagram (${address})`, async () => {
      await lab.behave(address, { error: { kind: "unreachable", code } });
      expect(udpEcho(address)).toContain(said);
    });
  }

  for (const kind of ["other-source", "bad-checksum", "wrong-id"] as const) {
    test(`a connected socket does not get a datagram with ${kind}, though it was sent`, async () => {
      await lab.behave("10.99.0.33", { fault: { kind } });
      await lab.forget("10.99.0.33");
      expect(udpEcho("10.99.0.33")).toBe("");
      const [entry, ...others] = await lab.record("10.99.0.33");
      expect(others).toEqual([]);
      expect(entry?.departedUs).not.toBeNull();
      expect(entry?.decision).toBe("faulted");
    });
  }

  test("an address outside the lab is refused with the reason", async () => {
    const refused = lab.behave("192.0.2.1", {});
    expect(refused).rejects.toThrow("use an address of the lab, not 192.0.2.1");
    await refused.catch(() => null);
  });

  test("20,000 packets, at up to 10,000/s, pass without a loss of the lab's own", async () => {
    const before = await lab.counters();
    const halves = [1, 2].map((net) =>
      Array.from({ length: 50 }, (_, i) => `10.99.${net}.${i + 1}`),
    );
    for (const address of halves.flat()) await lab.behave(address, { delayUs: 5_000 });
    // 50 targets each, a round of all of them every 10 ms: 10,000/s if fping gets the CPU for it.
    const counts = await Promise.all(
      halves.map((half) => fping(half, "-c", "200", "-p", "10", "-i", "0.1", "-q")),
    );
    // fping sends late or not at all when it lacks the CPU; what arrived is answered.
    const received = counts
      .flatMap(({ text }) => [...text.matchAll(/= \d+\/(\d+)\//g)])
      .reduce((sum, [, count]) => sum + Number(count), 0);
    expect(received).toBeGreaterThan(15_000);
    const after = await lab.counters();
    expect(after.sent - before.sent).toBeGreaterThanOrEqual(received);
    expect([after.unsent - before.unsent, after.unrecorded]).toEqual([0, 0]);
  });
});

describe.skipIf(problem !== null)(`createNamespace() (${problem ?? "as root"})`, () => {
  const names = () => Bun.spawnSync(["ip", "netns", "list"]).stdout.toString();

  test("sweepNamespaces() removes what a dead process left, and nothing of a live one", () => {
    const module = JSON.stringify(`${import.meta.dir}/../support/lab/namespace.ts`);
    const script = `console.log((await import(${module})).createNamespace("orphan").name)`;
    const orphan = Bun.spawnSync([process.execPath, "-e", script]).stdout.toString().trim();
    expect(orphan).toMatch(/^plab-orphan-/);
    const own = createNamespace("own");
    try {
      sweepNamespaces();
      expect(names()).not.toContain(orphan);
      expect(names()).toContain(own.name);
    } finally {
      own.close();
    }
    expect(names()).not.toContain(own.name);
  });

  test("exec() throws with the complaint of the program, sysctl() sets inside only", () => {
    const own = createNamespace("own");
    try {
      expect(() => own.exec(["ip", "link", "show", "nosuch0"])).toThrow("does not exist");
      own.sysctl("net.ipv4.ping_group_range", "5 6");
      expect(own.exec(["sysctl", "-n", "net.ipv4.ping_group_range"])).toMatch(/^5\s+6\n$/);
    } finally {
      own.close();
    }
  });
});
