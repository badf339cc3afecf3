/** The lab itself, held against fping: what the responder promises is what a peer sees. */

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { namespaceProblem } from "../support/namespaces.ts";
import type { Lab } from "../support/tun-lab/lab.ts";
import { openLab } from "../support/tun-lab/lab.ts";

const problem = namespaceProblem();

describe.skipIf(problem !== null)(`the responder (${problem ?? "as root"})`, () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await openLab("responder", "spin");
  });
  afterAll(() => lab.close());

  /** [sent, received, mean ms] as fping counts them. */
  function fping(address: string, count: number): [number, number, number] {
    const args = ["fping", "-q", "-c", `${count}`, "-p", "20", "-t", "500", address];
    const { stderr } = Bun.spawnSync(lab.namespace.command(args));
    const text = stderr.toString();
    const [, sent = "", received = ""] = /= (\d+)\/(\d+)\//.exec(text) ?? [];
    const mean = /min\/avg\/max = [\d.]+\/([\d.]+)/.exec(text)?.[1];
    return [Number(sent), Number(received), Number(mean)];
  }

  for (const address of ["10.99.0.20", "fd99::20"]) {
    test(`a delay of 20 ms is 20 ms (${address})`, async () => {
      await lab.behave(address, { delayUs: 20_000 });
      const [sent, received, mean] = fping(address, 20);
      expect([sent, received]).toEqual([20, 20]);
      const record = await lab.record(address);
      const delays = record
        .map(({ arrivedUs, departedUs }) => (departedUs ?? 0) - arrivedUs)
        .sort((a, b) => a - b);
      expect(delays.length).toBe(20);
      expect(delays[0]).toBeGreaterThanOrEqual(20_000);
      expect(delays[10]).toBeLessThan(20_100);
      // What fping adds is its own wake-up; what the responder adds is in its record.
      const recorded = delays.reduce((sum, delay) => sum + delay, 0) / delays.length / 1_000;
      expect(mean - recorded).toBeGreaterThan(-0.1);
      expect(mean - recorded).toBeLessThan(1);
    });
  }

  test("every fifth is lost", async () => {
    await lab.behave("10.99.0.21", { everyNthLost: 5 });
    expect(fping("10.99.0.21", 20).slice(0, 2)).toEqual([20, 16]);
  });

  test("a blackhole answers nothing and records what came", async () => {
    await lab.behave("10.99.0.22", { blackhole: true });
    expect(fping("10.99.0.22", 5).slice(0, 2)).toEqual([5, 0]);
    const record = await lab.record("10.99.0.22");
    expect(record.map(({ departedUs }) => departedUs)).toEqual([null, null, null, null, null]);
  });

  test("a behaviour is switched while running", async () => {
    await lab.behave("10.99.0.23", { blackhole: true });
    expect(fping("10.99.0.23", 3)[1]).toBe(0);
    await lab.behave("10.99.0.23", {});
    expect(fping("10.99.0.23", 3)[1]).toBe(3);
  });

  test("Gilbert loss comes in bursts of the mean length 1 / r", async () => {
    await lab.behave("10.99.0.24", { gilbert: { p: 0.1, r: 0.3 } });
    fping("10.99.0.24", 300);
    const lost = (await lab.record("10.99.0.24")).map(({ departedUs }) => departedUs === null);
    const bursts = lost.filter((now, i) => now && lost[i - 1] !== true).length;
    const mean = lost.filter(Boolean).length / bursts;
    expect(mean).toBeGreaterThan(2);
    expect(mean).toBeLessThan(6);
  });
});
