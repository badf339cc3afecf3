/**
 * Which path devices can carry packets, and what is worth telling: each change once, whether an
 * event, a carrier read or a dump showed it first.
 */

import type { KernelLink } from "../../domain/kernel-net.ts";
import { isLinkAlive } from "../../domain/kernel-net.ts";
import type { LinkChange } from "../../wire/net-frames.ts";

interface Known {
  readonly index: number | null;
  readonly isAlive: boolean;
}

export interface Sighting {
  readonly source: LinkChange["source"];
  readonly atUs: number;
}

export class LinkLiveness {
  #devices: ReadonlySet<string> = new Set();
  readonly #known = new Map<string, Known>();

  setDevices(devices: readonly string[]): void {
    this.#devices = new Set(devices);
    for (const device of this.#known.keys()) {
      if (!this.#devices.has(device)) this.#known.delete(device);
    }
  }

  /** A watched name, or an index that a watched device has or had. */
  concerns(link: KernelLink): boolean {
    return this.#devices.has(link.name) || this.#namesOf(link.index).length > 0;
  }

  /** The link as it is now. Also the end of a device whose index now has another name. */
  seen(link: KernelLink, sighting: Sighting): LinkChange[] {
    const renamed = this.#namesOf(link.index).filter((device) => device !== link.name);
    const changes = renamed.flatMap((device) => this.#note(device, GONE, sighting));
    if (!this.#devices.has(link.name)) return changes;
    const now = { index: link.index, isAlive: isLinkAlive(link) };
    return [...changes, ...this.#note(link.name, now, sighting)];
  }

  gone(index: number, sighting: Sighting): LinkChange[] {
    return this.#namesOf(index).flatMap((device) => this.#note(device, GONE, sighting));
  }

  /** The carrier of a device is gone, before any event said so. */
  lost(device: string, sighting: Sighting): LinkChange[] {
    const index = this.#known.get(device)?.index ?? null;
    return this.#note(device, { index, isAlive: false }, sighting);
  }

  /** All links there are. */
  all(links: readonly KernelLink[], sighting: Sighting): LinkChange[] {
    const names = new Set(links.map(({ name }) => name));
    const missing = [...this.#devices].filter((device) => !names.has(device));
    return [
      ...links.flatMap((link) => this.seen(link, sighting)),
      ...missing.flatMap((device) => this.#note(device, GONE, sighting)),
    ];
  }

  #namesOf(index: number): string[] {
    return [...this.#known].filter(([, known]) => known.index === index).map(([name]) => name);
  }

  #note(device: string, now: Known, sighting: Sighting): LinkChange[] {
    const known = this.#known.get(device);
    this.#known.set(device, now);
    if (known?.index === now.index && known.isAlive === now.isAlive) return [];
    return [{ device, ...now, ...sighting }];
  }
}

const GONE: Known = { index: null, isAlive: false };
