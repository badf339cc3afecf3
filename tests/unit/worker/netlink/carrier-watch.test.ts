import { describe, expect, test } from "bun:test";
import type { CarrierFiles } from "../../../../agent/worker/netlink/carrier-watch.ts";
import { CarrierWatch } from "../../../../agent/worker/netlink/carrier-watch.ts";

/** Devices by name: "1", "0", or an errno of the read; a device that is absent cannot be opened. */
class FakeSys implements CarrierFiles {
  readonly carriers = new Map<string, "0" | "1" | number>();
  readonly open_ = new Map<number, string>();
  #next = 10;

  open(device: string): number {
    if (!this.carriers.has(device)) return -2;
    this.open_.set(++this.#next, device);
    return this.#next;
  }

  read(fd: number, into: Uint8Array): number {
    const device = this.open_.get(fd);
    const carrier = device === undefined ? 19 : (this.carriers.get(device) ?? 19);
    if (typeof carrier === "number") return -carrier;
    into.set(new TextEncoder().encode(`${carrier}\n`));
    return 2;
  }

  close(fd: number): void {
    this.open_.delete(fd);
  }
}

function watching(carrier: "0" | "1" | number) {
  const sys = new FakeSys();
  sys.carriers.set("wan0", carrier);
  const watch = new CarrierWatch(sys);
  watch.setDevices(["wan0"], 0);
  return { sys, watch };
}

const LOST = [{ device: "wan0", hasCarrier: false }];
const BACK = [{ device: "wan0", hasCarrier: true }];

describe("CarrierWatch", () => {
  test("reads at once and then every 20 ms, and is never due without devices", () => {
    const { watch } = watching("1");
    expect(watch.nextDueUs()).toBe(0);
    expect(watch.check(0)).toEqual([]);
    expect(watch.nextDueUs()).toBe(20_000);
    watch.setDevices([], 1);
    expect(watch.nextDueUs()).toBe(Number.POSITIVE_INFINITY);
  });

  test("tells a loss and a return once each, not before they are due", () => {
    const { sys, watch } = watching("1");
    watch.check(0);
    sys.carriers.set("wan0", "0");
    expect(watch.check(19_999)).toEqual([]);
    expect(watch.check(20_000)).toEqual(LOST);
    expect(watch.check(40_000)).toEqual([]);
    sys.carriers.set("wan0", "1");
    expect(watch.check(60_000)).toEqual(BACK);
  });

  test.each([
    ["down (EINVAL)", 22],
    ["gone (ENODEV)", 19],
  ])("a device that is %s has lost its carrier", (_, errno) => {
    const { sys, watch } = watching("1");
    watch.check(0);
    sys.carriers.set("wan0", errno);
    expect(watch.check(20_000)).toEqual(LOST);
  });

  test("a device without carrier or absent from the start is a change", () => {
    expect(watching("0").watch.check(0)).toEqual(LOST);
    const absent = new CarrierWatch(new FakeSys());
    absent.setDevices(["wan0"], 0);
    expect(absent.check(0)).toEqual(LOST);
  });

  test("a device made anew is read through a new descriptor", () => {
    const { sys, watch } = watching("1");
    watch.check(0);
    const [first] = sys.open_.keys();
    sys.carriers.delete("wan0");
    expect(watch.check(20_000)).toEqual(LOST);
    expect(sys.open_.size).toBe(0);
    sys.carriers.set("wan0", "1");
    expect(watch.check(40_000)).toEqual(BACK);
    expect([...sys.open_.keys()]).not.toContain(first);
  });

  test("keeps the descriptors of devices that stay and closes the others", () => {
    const { sys, watch } = watching("1");
    sys.carriers.set("wan1", "1");
    watch.setDevices(["wan0", "wan1"], 0);
    watch.check(0);
    const kept = [...sys.open_].find(([, device]) => device === "wan1")?.[0];
    watch.setDevices(["wan1"], 1);
    expect([...sys.open_]).toEqual([[kept ?? 0, "wan1"]]);
    watch.close();
    expect(sys.open_.size).toBe(0);
  });
});
