/**
 * The seal of authenticated STAMP packets: HMAC-SHA-256 truncated to 128 bits over the first 96
 * octets (RFC 8762 4.4), in the 16 behind them.
 */

import { SEALED_FORM } from "./stamp.ts";

export const HMAC_OCTETS = 16;
export const HMAC_AT = SEALED_FORM.octets - HMAC_OCTETS;
/** What the hasher wants room for. */
const DIGEST_ROOM = 64;

export class StampSeal {
  readonly #keyed: Bun.CryptoHasher;
  readonly #digest = new Uint8Array(DIGEST_ROOM);

  /** `key`: at least one octet. */
  constructor(key: Uint8Array) {
    this.#keyed = new Bun.CryptoHasher("sha256", key);
  }

  /** Fills in the HMAC of the packet of SEALED_FORM at `at`. */
  write(bytes: Uint8Array, at: number): void {
    this.#compute(bytes, at);
    for (let i = 0; i < HMAC_OCTETS; i++) bytes[at + HMAC_AT + i] = this.#digest[i] ?? 0;
  }

  /** True when the packet at `at`, of SEALED_FORM.octets at least, carries the right HMAC. */
  isRight(bytes: Uint8Array, at: number): boolean {
    this.#compute(bytes, at);
    // All octets are looked at, whatever they are: the time taken tells nothing.
    let difference = 0;
    for (let i = 0; i < HMAC_OCTETS; i++) {
      difference |= (bytes[at + HMAC_AT + i] ?? 0) ^ (this.#digest[i] ?? 0);
    }
    return difference === 0;
  }

  #compute(bytes: Uint8Array, at: number): void {
    const hasher = this.#keyed.copy();
    hasher.update(bytes.subarray(at, at + HMAC_AT));
    hasher.digest(this.#digest);
  }
}
