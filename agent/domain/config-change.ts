/**
 * What differs between two configurations, key by key, for the log of a reload. Items of lists are
 * known by their id, so that a path inserted before others is one change and not many.
 */

import type { AgentConfig } from "./config.ts";
import { isSecretMap, isSecretName, MASK, maskUrls } from "./secrets.ts";

export interface ConfigChange {
  /** Dotted, such as paths[lte].health.window_probes. */
  readonly key: string;
  /** As JSON, secrets masked; null: not there. */
  readonly from: string | null;
  readonly to: string | null;
}

export function configChanges(before: AgentConfig, after: AgentConfig): readonly ConfigChange[] {
  const [old, next] = [flatten(before), flatten(after)];
  const keys = new Set([...old.keys(), ...next.keys()]);
  const changed = [...keys].filter((key) => old.get(key)?.exact !== next.get(key)?.exact);
  return changed.map((key) => ({
    key,
    from: old.get(key)?.shown ?? null,
    to: next.get(key)?.shown ?? null,
  }));
}

interface Leaf {
  readonly exact: string;
  readonly shown: string;
}

function flatten(config: AgentConfig): ReadonlyMap<string, Leaf> {
  const leaves = new Map<string, Leaf>();
  const { origin: _, ...rest } = config;
  collect(rest, { key: "", name: "", isSecret: false }, leaves);
  return leaves;
}

interface Spot {
  readonly key: string;
  /** Last step of the key. */
  readonly name: string;
  readonly isSecret: boolean;
}

function collect(value: unknown, spot: Spot, leaves: Map<string, Leaf>): void {
  if (Array.isArray(value) && value.length > 0 && value.every((one) => idOf(one) !== null)) {
    for (const [i, one] of value.entries()) {
      collect(one, { ...spot, key: `${spot.key}[${idOf(one)}]` }, leaves);
      // Their order may mean something, as that of policies does.
      const place = { exact: String(i), shown: String(i) };
      leaves.set(`${spot.key}[${idOf(one)}] position`, place);
    }
  } else if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    for (const [name, one] of Object.entries(value)) {
      const key = spot.key === "" ? name : `${spot.key}.${name}`;
      const isSecret = spot.isSecret || isSecretName(name) || isSecretMap(name);
      collect(one, { key, name, isSecret }, leaves);
    }
  } else {
    const exact = JSON.stringify(value);
    leaves.set(spot.key, { exact, shown: spot.isSecret ? MASK : maskUrls(exact) });
  }
}

/** null: no item that is known by a name of its own. */
function idOf(item: unknown): string | null {
  if (typeof item !== "object" || item === null || !("id" in item)) return null;
  return typeof item.id === "string" || typeof item.id === "number" ? String(item.id) : null;
}

/** Keys that are read at the start only. */
const AT_START = /^(http|storage)\./;

export function needsRestart({ key }: ConfigChange): boolean {
  return AT_START.test(key);
}
