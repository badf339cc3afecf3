/** Which packets the lab answers, for which address, and how: pure but for its own memory. */

import { seededRandom } from "../../../agent/worker/prng.ts";
import type { AddressState, Behaviour, Verdict } from "./behaviour.ts";
import { decide, newState } from "./behaviour.ts";
import type { Packet } from "./packet.ts";
import { isEchoRequest, isUdp } from "./packet.ts";

/** The prefixes routed to the device, and the host's own address in each. */
export const HOST = { 4: "10.99.0.1", 6: "fd99::1" } as const;
export const PREFIX_OCTETS = { 4: 2, 6: 8 } as const;
const PREFIX = { 4: [10, 99], 6: [0xfd, 0x99, 0, 0, 0, 0, 0, 0] } as const;

/** Without a behaviour an address answers at once. */
const PLAIN: Behaviour = {};

export function isInLab(address: Uint8Array): boolean {
  const prefix = address.byteLength === 4 ? PREFIX[4] : PREFIX[6];
  return prefix.every((octet, i) => address[i] === octet);
}

/** An address as the key of behaviours and records. */
export function keyOf(address: Uint8Array): string {
  return address.join(".");
}

export function isForLab(packet: Packet): boolean {
  return isInLab(packet.target) && (isEchoRequest(packet) || isUdp(packet));
}

/** FNV-1a, so that each address has decisions of its own from the common seed. */
function hashOf(key: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < key.length; i++) {
    hash = Math.imul(hash ^ key.charCodeAt(i), 0x01000193);
  }
  return hash;
}

interface Fortune {
  readonly state: AddressState;
  readonly random: () => number;
}

export class AddressBook {
  readonly #seed: number;
  readonly #behaviours = new Map<string, Behaviour>();
  readonly #fortunes = new Map<string, Fortune>();

  /** The n-th decision of an address depends on the seed and its behaviour alone. */
  constructor(seed: number) {
    this.#seed = seed;
  }

  /** Counting for every n-th, patterns, bursts and the random sequence begin anew. */
  behave(key: string, behaviour: Behaviour): void {
    this.#behaviours.set(key, behaviour);
    this.#fortunes.delete(key);
  }

  behaviourOf(key: string): Behaviour {
    return this.#behaviours.get(key) ?? PLAIN;
  }

  decide(key: string, isUdpRequest: boolean): Verdict {
    const { state, random } = this.#fortuneOf(key);
    return decide(this.behaviourOf(key), state, random, isUdpRequest);
  }

  #fortuneOf(key: string): Fortune {
    const known = this.#fortunes.get(key);
    if (known !== undefined) return known;
    const fortune = { state: newState(), random: seededRandom(this.#seed ^ hashOf(key)) };
    this.#fortunes.set(key, fortune);
    return fortune;
  }
}
