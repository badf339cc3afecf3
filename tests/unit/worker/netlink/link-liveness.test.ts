import { describe, expect, test } from "bun:test";
import type { KernelLink } from "../../../../agent/domain/kernel-net.ts";
import { LINK_FLAG } from "../../../../agent/domain/kernel-net.ts";
import { LinkLiveness } from "../../../../agent/worker/netlink/link-liveness.ts";

const ALIVE = LINK_FLAG.up | LINK_FLAG.running | LINK_FLAG.lowerUp;

function link(fields: Partial<KernelLink> = {}): KernelLink {
  const counts = { carrierUps: 0, carrierDowns: 0, operstate: 6 };
  return { index: 2, name: "wan0", flags: ALIVE, hasCarrier: true, ...counts, ...fields };
}

const BY_EVENT = { source: "event", atUs: 5 } as const;
const BY_READ = { source: "read", atUs: 7 } as const;
const BY_DUMP = { source: "dump", atUs: 9 } as const;
const dead = { hasCarrier: false };

function knowing(...links: KernelLink[]): LinkLiveness {
  const liveness = new LinkLiveness();
  liveness.setDevices(["wan0", "wan1"]);
  liveness.all(links, BY_DUMP);
  return liveness;
}

describe("LinkLiveness", () => {
  test("the first dump tells of every watched device, present or not", () => {
    const liveness = new LinkLiveness();
    liveness.setDevices(["wan0", "wan1"]);
    expect(liveness.all([link(), link({ index: 9, name: "lan" })], BY_DUMP)).toEqual([
      { device: "wan0", index: 2, isAlive: true, ...BY_DUMP },
      { device: "wan1", index: null, isAlive: false, ...BY_DUMP },
    ]);
    expect(liveness.all([link()], BY_DUMP)).toEqual([]);
  });

  test("a loss is told once, by whoever sees it first", () => {
    const liveness = knowing(link());
    expect(liveness.lost("wan0", BY_READ)).toEqual([
      { device: "wan0", index: 2, isAlive: false, ...BY_READ },
    ]);
    expect(liveness.seen(link(dead), BY_EVENT)).toEqual([]);
    expect(liveness.seen(link(), BY_EVENT)).toEqual([
      { device: "wan0", index: 2, isAlive: true, ...BY_EVENT },
    ]);
  });

  test("a device that is deleted and made anew is told with its new index", () => {
    const liveness = knowing(link());
    expect(liveness.gone(2, BY_EVENT)).toEqual([
      { device: "wan0", index: null, isAlive: false, ...BY_EVENT },
    ]);
    expect(liveness.gone(2, BY_EVENT)).toEqual([]);
    expect(liveness.seen(link({ index: 7 }), BY_EVENT)).toEqual([
      { device: "wan0", index: 7, isAlive: true, ...BY_EVENT },
    ]);
  });

  test("a device that is made anew between two looks is told, although it is alive", () => {
    const liveness = knowing(link());
    expect(liveness.all([link({ index: 7 })], BY_DUMP)).toEqual([
      { device: "wan0", index: 7, isAlive: true, ...BY_DUMP },
    ]);
  });

  test("a device that is renamed is gone, and the new name is its own device", () => {
    const liveness = knowing(link());
    expect(liveness.seen(link({ name: "other" }), BY_EVENT)).toEqual([
      { device: "wan0", index: null, isAlive: false, ...BY_EVENT },
    ]);
    const swapped = knowing(link());
    expect(swapped.seen(link({ name: "wan1" }), BY_EVENT)).toEqual([
      { device: "wan0", index: null, isAlive: false, ...BY_EVENT },
      { device: "wan1", index: 2, isAlive: true, ...BY_EVENT },
    ]);
  });

  test("concerns() is true for watched names and for the index of one", () => {
    const liveness = knowing(link());
    expect(liveness.concerns(link({ index: 5 }))).toBe(true);
    expect(liveness.concerns(link({ name: "renamed" }))).toBe(true);
    expect(liveness.concerns(link({ name: "lan", index: 9 }))).toBe(false);
  });

  test("a device that is no longer watched is forgotten", () => {
    const liveness = knowing(link());
    liveness.setDevices(["wan1"]);
    expect(liveness.seen(link(dead), BY_EVENT)).toEqual([]);
    liveness.setDevices(["wan0", "wan1"]);
    expect(liveness.seen(link(), BY_EVENT)).toHaveLength(1);
  });
});
