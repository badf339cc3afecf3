/** What the kernel says of a path's device and gateway, in the words of the failover engine. */

import type { KernelLink } from "../../domain/kernel-net.ts";
import { isLinkAlive, LINK_FLAG } from "../../domain/kernel-net.ts";
import type { HardDownCause } from "../../engine/failover/input.ts";
import type { LinkChange, NetState } from "../../wire/net-frames.ts";

/** Devices by name, as last told. */
export class LinkFacts {
  readonly #down = new Map<string, HardDownCause | null>();

  /** null: it may carry packets, or nothing was ever told. */
  of(device: string | null): HardDownCause | null {
    return device === null ? null : (this.#down.get(device) ?? null);
  }

  /** Takes a change that leaves before the whole state; true when it is news. */
  change({ device, index, isAlive }: LinkChange): boolean {
    const before = this.of(device);
    // Which of the two it is will be told by the state that follows.
    const dead = before ?? (index === null ? "admin-down" : "carrier");
    return this.#set(device, isAlive ? null : dead);
  }

  /** Takes the whole state; returns the devices whose facts are others now. */
  take({ links }: Pick<NetState, "links">, devices: readonly string[]): readonly string[] {
    return devices.filter((device) => {
      const link = links.find(({ name }) => name === device);
      return this.#set(device, link === undefined ? "admin-down" : downOf(link));
    });
  }

  #set(device: string, down: HardDownCause | null): boolean {
    const isNews = this.of(device) !== down;
    this.#down.set(device, down);
    return isNews;
  }
}

function downOf(link: KernelLink): HardDownCause | null {
  if (isLinkAlive(link)) return null;
  return (link.flags & LINK_FLAG.up) === 0 ? "admin-down" : "carrier";
}
