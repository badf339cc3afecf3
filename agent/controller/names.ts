/**
 * The addresses behind the configured hosts. Literals are there at once; names arrive later, and
 * one that does not resolve is asked again without holding up anything else.
 */

import type { ParsedAddress } from "../domain/address.ts";
import type { AgentConfig } from "../domain/config.ts";
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

export class Names {
  readonly #parts: NameParts;
  readonly #known = new Map<string, ParsedAddress>();
  #asked = 0;

  constructor(parts: NameParts) {
    this.#parts = parts;
  }

  get known(): ReadonlyMap<string, ParsedAddress> {
    return this.#known;
  }

  /** Takes the hosts of a configuration; `changed` is called when more addresses are known. */
  follow(config: AgentConfig, changed: () => void): void {
    const asked = ++this.#asked;
    const pending = new Map<string, NameQuery>();
    for (const target of config.paths.flatMap((path) => path.targets)) {
      const key = addressKey(target);
      const query = { host: target.host, family: target.probe.family };
      const literal = this.#parts.literal(query);
      if (literal !== null) this.#known.set(key, literal);
      else if (!this.#known.has(key)) pending.set(key, query);
    }
    if (pending.size > 0) void this.#ask([...pending], asked, changed);
  }

  async #ask(queries: readonly Pending[], asked: number, changed: () => void): Promise<void> {
    const results = await Promise.all(queries.map(([, query]) => this.#parts.resolve(query)));
    if (asked !== this.#asked) return; // a newer configuration has taken over
    const failed: Pending[] = [];
    for (const [i, [key, query]] of queries.entries()) {
      const result = results[i];
      if (result?.kind === "resolved") {
        this.#known.set(key, result.address);
      } else {
        failed.push([key, query]);
        this.#parts.log.warn("cannot resolve a target, asking again", {
          host: query.host,
          reason: result?.reason ?? "no answer",
        });
      }
    }
    if (failed.length < queries.length) changed();
    if (failed.length === 0) return;
    const at = after(this.#parts.clock.monotonic(), RETRY);
    this.#parts.timers.arm(at, () => void this.#ask(failed, asked, changed));
  }
}
