import { describe, expect, test } from "bun:test";
import { VerdictHold } from "../../../../agent/controller/probe-blocked/verdict-hold.ts";
import { pathIndex } from "../../../../agent/domain/ids.ts";
import { FakeClock } from "../../../support/fake-clock.ts";

const PATH = pathIndex(0);

function world({ isActive = true, evidence = true } = {}) {
  const clock = new FakeClock();
  const began = clock.monotonic();
  const rx = { perSec: 500 };
  let [packets, readAt] = [0, began];
  const hold = new VerdictHold({
    ...{ clock, timers: clock, isActive: () => isActive },
    read() {
      packets += (rx.perSec * (clock.monotonic() - readAt)) / 1_000_000;
      readAt = clock.monotonic();
      return { packets, multicast: 0 };
    },
  });
  hold.configure([{ interface: "eth1", rx_evidence: evidence }]);
  clock.advance(12_000);
  const releases: number[] = [];
  const silentFrom = clock.monotonic();
  clock.advance(2_500);
  const ask = () => hold.holds(PATH, silentFrom, () => releases.push(clock.monotonic()));
  return { clock, hold, rx, releases, ask };
}

describe("VerdictHold", () => {
  test("holds a verdict while traffic arrives, and no longer than ten seconds", () => {
    const { clock, hold, releases, ask } = world();
    expect(ask()).toBe(true);
    const from = clock.monotonic();
    expect(hold.isHeld(PATH)).toBe(true);
    clock.advance(9_000);
    expect(releases).toEqual([]);
    clock.advance(2_000);
    expect(releases).toHaveLength(1);
    expect(((releases[0] ?? 0) - from) / 1_000).toBeLessThanOrEqual(11_000);
    expect(hold.isHeld(PATH)).toBe(false);
    clock.advance(60_000);
    expect(releases).toHaveLength(1);
  });

  test("gives it up when the traffic ends", () => {
    const { clock, rx, releases, ask } = world();
    ask();
    rx.perSec = 0;
    clock.advance(2_000);
    expect(releases).toHaveLength(1);
  });

  test("forgets it when the path answers, or nobody judges any more", () => {
    const { clock, hold, releases, ask } = world();
    ask();
    hold.end(PATH);
    clock.advance(20_000);
    expect(releases).toEqual([]);
  });

  test.each([
    { name: "a standby", options: { isActive: false } },
    { name: "a path without rx_evidence", options: { evidence: false } },
  ])("does not hold that of $name", ({ options }) => {
    expect(world(options).ask()).toBe(false);
  });

  test("reads nothing where no path wants it, and nothing after its stop", () => {
    const { clock, hold } = world();
    hold.stop();
    expect(clock.armed).toBe(0);
    hold.configure([{ interface: "eth1", rx_evidence: false }]);
    expect(clock.armed).toBe(0);
  });
});
