/**
 * How often a client may ask, and how often it may be wrong about the token. Token buckets in a
 * table of bounded size; IPv6 clients count by /64, the least that one customer has. The unix
 * socket is not limited: its mode has already chosen who speaks.
 */

import type { Clock } from "../../controller/ports.ts";
import { parseAddress } from "../../domain/address.ts";
import { US_PER_S } from "../../domain/units.ts";

export interface Rate {
  /** Requests at once. */
  readonly burst: number;
  readonly perSecond: number;
}

/** A page with its data every second from several tabs, and scrapers beside it, stay below. */
export const REQUEST_RATE: Rate = { burst: 400, perSecond: 100 };
/** Ten slips, then one guess in two seconds: 2^256 tokens outlive that. */
export const FAILURE_RATE: Rate = { burst: 10, perSecond: 0.5 };
/** Of all clients together: who has many addresses guesses no faster. */
const FAILURES_TOGETHER: Rate = { burst: 100, perSecond: 5 };
const CLIENTS_MAX = 512;

interface Bucket {
  level: number;
  at: number;
}

class Buckets {
  readonly #rate: Rate;
  readonly #table = new Map<string, Bucket>();

  constructor(rate: Rate) {
    this.#rate = rate;
  }

  /** Takes one away; false: there is none. */
  take(key: string, now: number): boolean {
    const bucket = this.#filled(key, now);
    if (bucket.level < 1) return false;
    bucket.level--;
    return true;
  }

  isEmpty(key: string, now: number): boolean {
    return this.#table.has(key) && this.#filled(key, now).level < 1;
  }

  get size(): number {
    return this.#table.size;
  }

  #filled(key: string, now: number): Bucket {
    const { burst, perSecond } = this.#rate;
    const known = this.#table.get(key) ?? { level: burst, at: now };
    const level = Math.min(burst, known.level + ((now - known.at) / US_PER_S) * perSecond);
    const bucket = { level, at: now };
    // At the end of the table, so that the one that asked least lately makes room.
    this.#table.delete(key);
    this.#table.set(key, bucket);
    if (this.#table.size > CLIENTS_MAX) {
      const [oldest = ""] = this.#table.keys();
      this.#table.delete(oldest);
    }
    return bucket;
  }
}

export class RequestLimits {
  readonly #clock: Pick<Clock, "monotonic">;
  readonly #requests = new Buckets(REQUEST_RATE);
  readonly #failures = new Buckets(FAILURE_RATE);
  readonly #together = new Buckets(FAILURES_TOGETHER);

  constructor(clock: Pick<Clock, "monotonic">) {
    this.#clock = clock;
  }

  /** `isClaiming`: it sends a token. A guesser is refused before the token is looked at. */
  admit(client: string, isClaiming: boolean): boolean {
    const now = this.#clock.monotonic();
    const key = clientKey(client);
    if (!this.#requests.take(key, now)) return false;
    if (!isClaiming) return true;
    return !this.#failures.isEmpty(key, now) && !this.#together.isEmpty("", now);
  }

  /** The token was wrong. */
  noteFailure(client: string): void {
    const now = this.#clock.monotonic();
    this.#failures.take(clientKey(client), now);
    this.#together.take("", now);
  }

  /** Clients that are remembered. */
  get size(): number {
    return this.#requests.size + this.#failures.size;
  }
}

function clientKey(client: string): string {
  const address = parseAddress(client);
  if (address === null || address.family === 4) return client;
  const isMapped = address.bytes.subarray(0, 10).every((octet) => octet === 0);
  return isMapped ? client : address.bytes.subarray(0, 8).join(".");
}
