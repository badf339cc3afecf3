/**
 * What is known of every path whatever the policy: its condition per family, the kernel's refusals,
 * maintenance. One book for all policies, so that they never disagree about a path.
 */

import type { PathId } from "../../domain/ids.ts";
import type { Instant } from "../../domain/units.ts";
import { earliest } from "../../domain/units.ts";
import { isLinkFact } from "./contender.ts";
import type { PathCondition, RouteFamily } from "./input.ts";
import type { Override } from "./override.ts";
import { isExpired } from "./override.ts";

type Key = `${RouteFamily}/${PathId}`;

function keyOf(path: PathId, family: RouteFamily): Key {
  return `${family}/${path}`;
}

export class PathBook {
  readonly #conditions = new Map<Key, PathCondition>();
  readonly #refusals = new Map<Key, string>();
  readonly #maintenance = new Map<PathId, Override>();

  /** Takes a condition; true when the link came up by it. */
  take(condition: PathCondition): boolean {
    const key = keyOf(condition.path, condition.family);
    const before = this.#conditions.get(key)?.hardDown ?? null;
    this.#conditions.set(key, condition);
    const wasCut = before !== null && isLinkFact(before);
    const isCut = condition.hardDown !== null && isLinkFact(condition.hardDown);
    // Whatever the kernel said of the route, it said of another link.
    if (wasCut !== isCut) this.#refusals.delete(key);
    return wasCut && !isCut;
  }

  condition(path: PathId, family: RouteFamily): PathCondition | null {
    return this.#conditions.get(keyOf(path, family)) ?? null;
  }

  refuse(path: PathId, family: RouteFamily, words: string): void {
    this.#refusals.set(keyOf(path, family), words);
  }

  admit(path: PathId, family: RouteFamily): void {
    this.#refusals.delete(keyOf(path, family));
  }

  refusal(path: PathId, family: RouteFamily): string | null {
    return this.#refusals.get(keyOf(path, family)) ?? null;
  }

  /** Nothing is known any more but what the kernel said of the links. */
  forget(): void {
    for (const [key, condition] of this.#conditions) {
      const { hardDown } = condition;
      this.#conditions.set(key, {
        ...condition,
        score: null,
        status: "unknown",
        suspect: false,
        newestReply: null,
        hardDown: hardDown !== null && isLinkFact(hardDown) ? hardDown : null,
      });
    }
  }

  /** Drops what is no longer configured. */
  keepOnly(paths: ReadonlySet<PathId>): void {
    for (const [key, { path }] of this.#conditions) {
      if (paths.has(path)) continue;
      this.#conditions.delete(key);
      this.#refusals.delete(key);
    }
    for (const path of this.#maintenance.keys()) {
      if (!paths.has(path)) this.#maintenance.delete(path);
    }
  }

  maintain(path: PathId, order: Override): void {
    this.#maintenance.set(path, order);
  }

  /** True when there was something to end. */
  endMaintenance(path: PathId): boolean {
    return this.#maintenance.delete(path);
  }

  inMaintenance(path: PathId): boolean {
    return this.#maintenance.has(path);
  }

  maintenance(): ReadonlyMap<PathId, Override> {
    return this.#maintenance;
  }

  /** Ends what has run out, and tells it. */
  expire(now: Instant): readonly (readonly [PathId, Override])[] {
    const ended = [...this.#maintenance].filter(([, order]) => isExpired(order, now));
    for (const [path] of ended) this.#maintenance.delete(path);
    return ended;
  }

  nextExpiry(): Instant | null {
    let next: Instant | null = null;
    for (const { expiresAt } of this.#maintenance.values()) next = earliest(next, expiresAt);
    return next;
  }
}
