/**
 * The lab at the other end of a cable: a namespace for the agent, a veth pair to the lab's, which
 * forwards to its responder. A request can then be captured where it arrives, without the time a
 * tap on the sending side takes, and a reply where it arrives at the agent's end.
 */

import type { Lab } from "./lab.ts";
import type { Namespace } from "./namespace.ts";
import { createNamespace } from "./namespace.ts";

export const CABLE = {
  near: { device: "cab0", address: "10.158.0.1", address6: "fd15:8::1" },
  far: { device: "cab1", address: "10.158.0.2", address6: "fd15:8::2" },
} as const;

/** The namespace of the agent's end; the lab's addresses are reached through the cable. */
export function connect(lab: Lab, purpose: string): Namespace {
  const near = createNamespace(purpose);
  const far = lab.namespace;
  try {
    const pair = ["type", "veth", "peer", CABLE.far.device, "netns", far.name];
    near.exec(["ip", "link", "add", CABLE.near.device, ...pair]);
    for (const [end, { device, address, address6 }] of [
      [near, CABLE.near],
      [far, CABLE.far],
    ] as const) {
      end.exec(["ip", "addr", "add", `${address}/30`, "dev", device]);
      end.exec(["ip", "-6", "addr", "add", `${address6}/64`, "dev", device, "nodad"]);
      end.exec(["ip", "link", "set", device, "up"]);
    }
    far.sysctl("net.ipv4.ip_forward", "1");
    far.sysctl("net.ipv6.conf.all.forwarding", "1");
    near.exec(["ip", "route", "add", "10.99.0.0/16", "via", CABLE.far.address]);
    near.exec(["ip", "-6", "route", "add", "fd99::/64", "via", CABLE.far.address6]);
  } catch (error) {
    near.close();
    throw error;
  }
  return near;
}
