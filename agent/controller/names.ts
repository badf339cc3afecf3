/**
 * The addresses behind the configured hosts. Literals are there at once; names arrive later, and
 * one that does not resolve is asked again without holding up anything else.
 */

import type { ParsedAddress } from "../domain/address.ts";
import { formatAddress } from "../domain/address.ts";
import type { AgentConfig } from "../domain/config.ts";
import type { Instant, Micros } from "../domain/units.ts";
import { after, micros, US_PER_S } from "../domain/units.ts";
import type { NameQuery, Resolution } from "../io/resolver.ts";
import type { Clock, Log, Timers } from "./ports.ts";
import { addressKey } from "./probe-table.ts";

export interface NameParts {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly log: Log;
  literal(query: NameQuery): ParsedAddress | null;
  resolve(query: NameQuery): Promise<Resolution>;
}

/** The key of the address and how to ask for it. */
type Pending = readonly [string, NameQuery];

const RETRY = micros(30 * US_PER_S);
/** Names that resolved are asked again: behind them addresses move. */
const REFRESH = micros(300 * US_PER_S);
/** A name whose target fell silent is asked at once, but not more often than this. */
const DOUBT = micros(10 * US_PER_S);

interface Followed {
  readonly queries: ReadonlyMap<string, NameQuery>;
  readonly changed: () => void;
}

export class Names {
  readonly #parts: NameParts;
  readonly #known = new Map<string, ParsedAddress>();
  /** When a name may be doubted again. */
  readonly #doubtableAt = new Map<string, Instant>();
  #followed: Followed = { queries: new Map(), changed: () => {} };
  #asked = 0;

  constructor(parts: NameParts) {
    this.#parts = parts;
  }

  get known(): ReadonlyMap<string, ParsedAddress> {
    return this.#known;
  }

  /**
   * Takes the hosts of a configuration and keeps asking for its names; `changed` is called when an
   * address is new or another one.
   */
  follow(config: AgentConfig, changed: () => void): void {
    const asked = ++this.#asked;
    const names = new Map<string, NameQuery>();
    for (const target of config.paths.flatMap((path) => path.targets)) {
      const key = addressKey(target);
      const query = { host: target.host, family: target.probe.family };
      const literal = this.#parts.literal(query);
      if (literal !== null) this.#known.set(key, literal);
      else names.set(key, query);
    }
    this.#followed = { queries: names, changed };
    if (names.size > 0) void this.#ask([...names], asked, changed);
  }

  /** The target behind this key fell silent: perhaps its name leads elsewhere by now. */
  doubt(key: string): void {
    const query = this.#followed.queries.get(key);
    const now = this.#parts.clock.monotonic();
    if (query === undefined || now < (this.#doubtableAt.get(key) ?? now)) return;
    this.#doubtableAt.set(key, after(now, DOUBT));
    void this.#askOnce([key, query], this.#asked);
  }

  /** Beside the rounds, which go on as planned. */
  async #askOnce(pending: Pending, asked: number): Promise<void> {
    const [key, query] = pending;
    const result = await this.#parts.resolve(query);
    if (asked !== this.#asked) return;
    if (result.kind !== "resolved") this.#failed(pending, result.reason);
    else if (this.#take(key, result.addresses)) this.#followed.changed();
  }

  async #ask(queries: readonly Pending[], asked: number, changed: () => void): Promise<void> {
    const results = await Promise.all(queries.map(([, query]) => this.#parts.resolve(query)));
    if (asked !== this.#asked) return; // a newer configuration has taken over
    const missing: Pending[] = [];
    let changes = 0;
    for (const [i, pending] of queries.entries()) {
      const result = results[i];
      if (result?.kind === "resolved") changes += this.#take(pending[0], result.addresses) ? 1 : 0;
      else if (this.#failed(pending, result?.reason ?? "no answer")) missing.push(pending);
    }
    if (changes > 0) changed();
    const known = queries.filter((pending) => !missing.includes(pending));
    this.#again(missing, RETRY, asked, changed);
    this.#again(known, REFRESH, asked, changed);
  }

  /**
   * True when the address is new or another one. Servers rotate their answers: the address in use
   * stays while it is among them.
   */
  #take(key: string, addresses: readonly ParsedAddress[]): boolean {
    const before = this.#known.get(key);
    const text = before === undefined ? null : formatAddress(before);
    const first = addresses[0];
    if (first === undefined || addresses.some((one) => formatAddress(one) === text)) return false;
    this.#known.set(key, first);
    return true;
  }

  /** True when there is no address at all; one that was known is kept while the servers fail. */
  #failed([key, { host }]: Pending, reason: string): boolean {
    const isMissing = !this.#known.has(key);
    const what = isMissing
      ? "cannot resolve a target, asking again"
      : "cannot resolve a target, its last address stays";
    this.#parts.log.warn(what, { host, reason });
    return isMissing;
  }

  #again(queries: readonly Pending[], span: Micros, asked: number, changed: () => void): void {
    if (queries.length === 0) return;
    const at = after(this.#parts.clock.monotonic(), span);
    this.#parts.timers.arm(at, () => {
      if (asked === this.#asked) void this.#ask(queries, asked, changed);
    });
  }
}
