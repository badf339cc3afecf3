/** What the lab saw, per address: the truth that tests compare the agent's figures with. */

import type { Decision } from "./behaviour.ts";

export const RECORD_MAX = 200_000;

export interface Entry {
  /** CLOCK_MONOTONIC, us: when the responder had the request in hand. */
  readonly arrivedUs: number;
  /** CLOCK_MONOTONIC, us, of the first copy; null: nothing was sent (yet). */
  departedUs: number | null;
  /** IP protocol number. */
  readonly protocol: number;
  readonly seq: number;
  readonly decision: Decision;
}

export class PacketRecord {
  readonly #entries = new Map<string, Entry[]>();
  #size = 0;
  #unrecorded = 0;

  /** Requests that found the record full. */
  get unrecorded(): number {
    return this.#unrecorded;
  }

  add(address: string, entry: Entry): void {
    if (this.#size >= RECORD_MAX) {
      this.#unrecorded++;
      return;
    }
    this.#size++;
    const entries = this.#entries.get(address);
    if (entries === undefined) this.#entries.set(address, [entry]);
    else entries.push(entry);
  }

  /** In the order of arrival. */
  of(address: string): readonly Entry[] {
    return this.#entries.get(address) ?? [];
  }

  forget(address: string): void {
    this.#size -= this.of(address).length;
    this.#entries.delete(address);
  }
}
