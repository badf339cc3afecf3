/**
 * Which instances may hide others, found by path and policy: with thousands of paths down at once
 * nobody compares each with all.
 */

import type { Micros } from "../../domain/units.ts";
import { between } from "../../domain/units.ts";
import { explains } from "./causes.ts";
import type { Condition } from "./conditions.ts";
import type { AlertPolicy, Now } from "./input.ts";
import type { Instance } from "./instance.ts";
import { dueAt } from "./instance.ts";

const ROOT_TYPES: readonly Condition["type"][] = ["all-down", "link-down", "path-down", "failover"];

export interface RootsOptions {
  readonly policies: readonly AlertPolicy[];
  /** Told within this span it is told in time to hide another one. */
  readonly group: Micros;
  /** Channels that hear of it. */
  reach(one: Instance): ReadonlySet<string>;
  isMuted(one: Instance): boolean;
}

export class Roots {
  readonly #options: RootsOptions;
  readonly #byPlace = new Map<string, Instance[]>();

  constructor(all: Iterable<Instance>, options: RootsOptions) {
    this.#options = options;
    for (const one of all) {
      if (!ROOT_TYPES.includes(one.condition.type) || one.absorbed) continue;
      for (const place of this.#placesOf(one.condition)) {
        const there = this.#byPlace.get(place) ?? [];
        there.push(one);
        this.#byPlace.set(place, there);
      }
    }
  }

  /** What is told instead of this one; null: nothing. */
  hiding(one: Instance, now: Now): Instance | null {
    const { path, policy } = one.condition;
    const places = [...(path === null ? [] : [`p${path}`]), ...(policy === null ? [] : [policy])];
    for (const place of places) {
      const root = this.#byPlace.get(`${place}`)?.find((root) => this.#hides(root, one, now));
      if (root !== undefined) return root;
    }
    return null;
  }

  #hides(root: Instance, one: Instance, now: Now): boolean {
    const { policies, group, reach, isMuted } = this.#options;
    if (root === one || !explains(root.condition, one.condition, policies)) return false;
    if (!reach(one).isSubsetOf(reach(root))) return false;
    if (root.told !== null) return true;
    const last = Math.max(now.at, dueAt(one));
    const isInTime = between(now.at, dueAt(root)) <= last - now.at + group;
    return root.over === null && isInTime && !isMuted(root);
  }

  #placesOf({ type, path, policy }: Condition): string[] {
    const paths = this.#options.policies.find(({ id }) => id === policy)?.paths ?? [];
    const own = path === null ? [] : [`p${path}`];
    if (type !== "all-down") return own;
    return [`${policy}`, ...paths.map((one) => `p${one}`)];
  }
}
