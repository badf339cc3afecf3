/**
 * A box with two uplinks to one far host: links `a` and `b`, default routes on both with `a`
 * preferred, and a target that both reach. No responder of ours: the far kernel answers.
 */

import type { Namespace } from "./namespace.ts";
import { createNamespace } from "./namespace.ts";

export const TARGET = { 4: "10.77.0.1", 6: "fd77::1" } as const;

/** `net` is the third octet of its network; a second address of b's far end waits in net 3. */
export const LINK = {
  a: { device: "lnka", far: "fara", net: 1, metric: 100 },
  b: { device: "lnkb", far: "farb", net: 2, metric: 200 },
} as const;
export const SPARE_NET = 3;

export type LinkName = keyof typeof LINK;

export class TwoLinks {
  readonly near: Namespace;
  readonly far: Namespace;

  constructor(purpose: string) {
    this.near = createNamespace(`${purpose}-near`);
    try {
      this.far = createNamespace(`${purpose}-far`);
    } catch (error) {
      this.near.close();
      throw error;
    }
    try {
      for (const address of [`${TARGET[4]}/32`, `${TARGET[6]}/128`]) {
        this.far.exec(["ip", "addr", "add", address, "dev", "lo"]);
      }
      this.far.sysctl("net.ipv4.icmp_ratelimit", "0");
      for (const name of ["a", "b"] as const) this.plug(name);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** Makes the pair of devices with addresses and routes. */
  plug(name: LinkName): void {
    const { device, far, net } = LINK[name];
    const pair = ["type", "veth", "peer", far, "netns", this.far.name];
    this.near.exec(["ip", "link", "add", device, ...pair]);
    for (const spare of name === "b" ? [net, SPARE_NET] : [net]) {
      this.far.exec(["ip", "addr", "add", `10.78.${spare}.2/24`, "dev", far]);
    }
    this.far.exec(["ip", "-6", "addr", "add", `fd78:${net}::2/64`, "dev", far, "nodad"]);
    this.far.exec(["ip", "link", "set", far, "up"]);
    this.raise(name);
  }

  /** Addresses and default routes of our end; the kernel drops them with the link. */
  raise(name: LinkName, net: number = LINK[name].net): void {
    const { device, metric } = LINK[name];
    const at = ["dev", device, "metric", `${metric}`];
    this.near.exec(["ip", "addr", "replace", `10.78.${net}.1/24`, "dev", device]);
    const address6 = `fd78:${LINK[name].net}::1/64`;
    this.near.exec(["ip", "-6", "addr", "replace", address6, "dev", device, "nodad"]);
    this.near.exec(["ip", "link", "set", device, "up"]);
    this.near.exec(["ip", "route", "replace", "default", "via", `10.78.${net}.2`, ...at]);
    const gateway6 = `fd78:${LINK[name].net}::2`;
    this.near.exec(["ip", "-6", "route", "replace", "default", "via", gateway6, ...at]);
  }

  lower(name: LinkName): void {
    this.near.exec(["ip", "link", "set", LINK[name].device, "down"]);
  }

  unplug(name: LinkName): void {
    this.near.exec(["ip", "link", "del", LINK[name].device]);
  }

  close(): void {
    this.near.close();
    this.far.close();
  }
}
