/** The witnesses of the failover labs, tested themselves: uplinks that fail, streams that tell. */

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { namespaceProblem } from "../support/lab/namespace.ts";
import type { UplinkName } from "../support/lab/uplinks.ts";
import { TARGETS, Uplinks } from "../support/lab/uplinks.ts";

const problem = namespaceProblem();
const LIMIT_MS = 30_000;
/** What a hole of 300 ms may look like where the host itself pauses. */
const HOLE = { minUs: 295_000, maxUs: 450_000 } as const;

describe.skipIf(problem !== null)(`lab uplinks (${problem ?? "as root"})`, () => {
  let uplinks: Uplinks;

  beforeAll(async () => {
    uplinks = await Uplinks.open({
      purpose: "upl",
      uplinks: [{}, { link: "tun" }, { shaped: true }],
      host: true,
    });
  }, LIMIT_MS);
  afterAll(async () => uplinks?.close());

  /** A default route that wins over main's others; null: theirs again. */
  function prefer(family: 4 | 6, name: UplinkName | null): void {
    const route = ["ip", `-${family}`, "route"];
    if (name === null) {
      uplinks.box.exec([...route, "del", "default", "metric", "1"]);
      return;
    }
    const { device, gateway, gateway6 } = uplinks.uplink(name);
    const via = family === 4 ? gateway : gateway6;
    const hop = [...(via === null ? [] : ["via", via]), "dev", device];
    uplinks.box.exec([...route, "replace", "default", ...hop, "metric", "1"]);
  }

  function hasCarrier(name: UplinkName): boolean {
    const { device } = uplinks.uplink(name);
    return !uplinks.box.exec(["ip", "link", "show", device]).includes("NO-CARRIER");
  }

  test.each([
    [4, 1_000],
    [6, 1_000],
    [4, 5_000],
    [6, 5_000],
  ] as const)(
    "an IPv%d stream of %d packets/s tells each move of the route and loses nothing",
    async (family, perSecond) => {
      const stream = await uplinks.stream({ family, perSecond });
      for (const name of ["b", "c", "a", null] as const) {
        await Bun.sleep(150);
        prefer(family, name);
      }
      await Bun.sleep(150);
      const report = await stream.stop();
      expect(report.lost()).toEqual([]);
      expect(report.duplicates).toEqual([]);
      expect(report.stretches().map(({ path }) => path)).toEqual(["a", "b", "c", "a"]);
      expect(report.sent + report.run.skipped).toBeGreaterThan(perSecond / 2);
    },
    LIMIT_MS,
  );

  test(
    "a black hole is a gap of its own length, the carrier stays",
    async () => {
      const stream = await uplinks.stream();
      await Bun.sleep(200);
      const atUs = uplinks.blackhole("a");
      await Bun.sleep(300);
      expect(hasCarrier("a")).toBe(true);
      uplinks.unhole("a");
      await Bun.sleep(200);
      const gap = (await stream.stop()).gapAround(atUs);
      expect(gap.refused).toBe(0);
      expect(gap.outageUs).toBeWithin(HOLE.minUs, HOLE.maxUs + gap.senderPauseUs);
      expect(gap.silenceUs).toBeWithin(HOLE.minUs, HOLE.maxUs + gap.senderPauseUs);
    },
    LIMIT_MS,
  );

  test(
    "a black hole of one family leaves the other alone",
    async () => {
      const [v4, v6] = [await uplinks.stream(), await uplinks.stream({ family: 6, port: 9_010 })];
      uplinks.blackhole("a", 6);
      await Bun.sleep(300);
      uplinks.unhole("a");
      await Bun.sleep(100);
      expect((await v4.stop()).lost()).toEqual([]);
      expect((await v6.stop()).lost().length).toBeGreaterThan(50);
    },
    LIMIT_MS,
  );

  test.each(["a", "b"] as const)(
    "cut() takes the carrier of uplink %s, mend() brings it back with its addresses",
    async (name) => {
      const beforeUs = await uplinks.cut(name);
      expect(beforeUs).toBeGreaterThan(0);
      expect(hasCarrier(name)).toBe(false);
      await uplinks.mend(name);
      await Bun.sleep(50);
      expect(hasCarrier(name)).toBe(true);
      const { device } = uplinks.uplink(name);
      for (const family of [4, 6] as const) {
        const ping = ["ping", "-q", "-c", "1", "-w", "5", "-I", device, TARGETS[family][0]];
        expect(uplinks.box.exec(ping)).toContain(" 0% packet loss");
      }
    },
    LIMIT_MS,
  );

  test(
    "a device taken down, or deleted and made anew, is raised as DHCP would",
    async () => {
      const index = () => uplinks.box.exec(["cat", "/sys/class/net/wan0/ifindex"]).trim();
      const first = index();
      uplinks.lower("a");
      uplinks.raise("a");
      expect(index()).toBe(first);
      uplinks.unplug("a");
      uplinks.replug("a");
      expect(index()).not.toBe(first);
      for (const target of [TARGETS[4][0], TARGETS[6][0]]) {
        const ping = ["ping", "-q", "-c", "1", "-w", "5", "-I", "wan0", target];
        expect(uplinks.box.exec(ping)).toContain(" 0% packet loss");
      }
    },
    LIMIT_MS,
  );

  test(
    "shape() loses and delays on its way up, and not on the way down",
    async () => {
      await uplinks.shape("c", { delayUs: 30_000, loss: { kind: "nth", n: 5 } }, {});
      prefer(4, "c");
      const stream = await uplinks.stream();
      await Bun.sleep(500);
      const report = await stream.stop();
      prefer(4, null);
      await uplinks.shape("c", {});
      expect(report.delays()[0]).toBeGreaterThanOrEqual(30_000);
      expect(report.lost().length / report.sent).toBeWithin(0.19, 0.21);
    },
    LIMIT_MS,
  );

  test("silence() hides one address and no other", () => {
    const answers = (target: string) =>
      !uplinks.box
        .exec(["sh", "-c", `ping -q -c 1 -w 1 ${target} || true`])
        .includes("100% packet loss");
    uplinks.silence(TARGETS[4][1]);
    const heard = [TARGETS[4][0], TARGETS[4][1], TARGETS[6][1]].map(answers);
    uplinks.unsilence();
    expect(heard).toEqual([true, false, true]);
    expect(answers(TARGETS[4][1])).toBe(true);
  });

  test(
    "a stream of the host behind the box goes masqueraded by the box's route",
    async () => {
      const stream = await uplinks.stream({ from: uplinks.host ?? uplinks.box });
      await Bun.sleep(100);
      prefer(4, "b");
      await Bun.sleep(100);
      prefer(4, null);
      const report = await stream.stop();
      expect(report.stretches().map(({ path }) => path)).toContain("b");
      // Through masquerade the kernel drops one packet of a flow per move.
      expect(report.lost().length).toBeLessThanOrEqual(2);
    },
    LIMIT_MS,
  );

  test("an uplink that is not shaped, or no veth pair, is refused", async () => {
    await expect(uplinks.shape("a", {})).rejects.toThrow("uplink a is not shaped");
    expect(() => uplinks.replug("b")).toThrow("no veth pair");
  });
});
