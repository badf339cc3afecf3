/**
 * Orders about routes on their way to the worker, and their answers. Numbers tell answers apart,
 * also from those that an earlier controller's orders still get. A worker that ends takes the
 * answers with it: who waits for one learns the outcome from the kernel's state.
 */

import type { FrameHeader } from "../../wire/frame.ts";
import { decodeJson, encodeBody, FRAME } from "../../wire/frame.ts";
import type { NetOrder, NetWatch, OrderOutcome } from "../../wire/net-frames.ts";
import { readOrderOutcome } from "../../wire/net-frames.ts";
import { netJson } from "../../wire/net-json.ts";
import type { ProbeChannel } from "../ports.ts";

export type Conclude = (outcome: OrderOutcome) => void;

export class OrderLine {
  readonly #channel: ProbeChannel;
  readonly #waiting = new Map<number, Conclude>();
  #generation = 0;
  #next: number;

  /** `seed`: differs from that of every earlier controller. */
  constructor(channel: ProbeChannel, seed: number) {
    this.#channel = channel;
    this.#next = seed >>> 0;
  }

  /** A worker is there; 0: it is gone. What was ordered before is not answered any more. */
  peerChanged(generation: number): void {
    this.#generation = generation;
    this.#waiting.clear();
  }

  get isOpen(): boolean {
    return this.#generation !== 0;
  }

  watch(watch: NetWatch): void {
    if (!this.isOpen) return;
    const aux = { aux: 0, aux2: 0 };
    this.#channel.send(encodeBody(FRAME.netWatch, this.#generation, netJson(watch), aux));
  }

  order(order: NetOrder, conclude: Conclude): void {
    if (!this.isOpen) return;
    this.#next = (this.#next + 1) >>> 0;
    this.#waiting.set(this.#next, conclude);
    const aux = { aux: this.#next, aux2: 0 };
    this.#channel.send(encodeBody(FRAME.netOrder, this.#generation, netJson(order), aux));
  }

  /** An answer; false: to nobody. */
  take(frame: Uint8Array, { aux }: FrameHeader): boolean {
    const conclude = this.#waiting.get(aux);
    const outcome = readOrderOutcome(decodeJson(frame));
    if (conclude === undefined || outcome === null) return false;
    this.#waiting.delete(aux);
    conclude(outcome);
    return true;
  }
}
