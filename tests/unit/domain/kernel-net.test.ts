import { describe, expect, test } from "bun:test";
import type { KernelLink } from "../../../agent/domain/kernel-net.ts";
import {
  isLinkAlive,
  isOurPriority,
  isOurTable,
  LINK_FLAG,
  needsNoGateway,
} from "../../../agent/domain/kernel-net.ts";

const ALIVE = LINK_FLAG.up | LINK_FLAG.running | LINK_FLAG.lowerUp;

function link(flags: number, hasCarrier = true): KernelLink {
  return {
    index: 2,
    name: "wan0",
    flags,
    hasCarrier,
    carrierUps: 1,
    carrierDowns: 0,
    operstate: 6,
  };
}

describe("ranges that are ours", () => {
  test.each([
    [157, false],
    [158, true],
    [218, true],
    [219, false],
    [254, false],
    [255, false],
    [999, false],
    [1000, true],
    [1200, true],
    [1201, false],
  ])("isOurTable(%d) is %p", (table, ours) => {
    expect(isOurTable(table)).toBe(ours);
  });

  test.each([
    [0, false],
    [999, false],
    [1000, true],
    [1803, true],
    [1804, false],
    [28_999, false],
    [29_000, true],
    [32_000, true],
    [32_001, false],
    [32_766, false],
  ])("isOurPriority(%d) is %p", (priority, ours) => {
    expect(isOurPriority(priority)).toBe(ours);
  });
});

describe("links", () => {
  test("isLinkAlive() wants up, running, lower up and a carrier", () => {
    expect(isLinkAlive(link(ALIVE))).toBe(true);
    expect(isLinkAlive(link(ALIVE, false))).toBe(false);
    for (const flag of [LINK_FLAG.up, LINK_FLAG.running, LINK_FLAG.lowerUp]) {
      expect(isLinkAlive(link(ALIVE & ~flag))).toBe(false);
    }
  });

  test("needsNoGateway() holds for point-to-point and for devices without ARP", () => {
    expect(needsNoGateway(link(ALIVE))).toBe(false);
    expect(needsNoGateway(link(ALIVE | LINK_FLAG.pointToPoint))).toBe(true);
    expect(needsNoGateway(link(ALIVE | LINK_FLAG.noArp))).toBe(true);
  });
});
