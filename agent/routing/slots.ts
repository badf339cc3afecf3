/**
 * Which table and which rule priorities a path or a policy has. A slot once given stays: it is
 * persisted, and where the persisted book is lost it is learnt again from our own rules. A slot
 * that carries traces of another owner, or a table that somebody else uses, is taken last.
 */

import type { KernelRule } from "../domain/kernel-net.ts";
import {
  OUR_PROTOCOL,
  PATH_RULE_BASE,
  PATH_SLOT_MAX,
  PATH_TABLE_BASE,
  POLICY_RULE_FIRST,
  POLICY_SLOT_MAX,
  POLICY_TABLE_BASE,
} from "../domain/kernel-net.ts";
import type { Selector } from "../domain/selector.ts";
import { samePrefix } from "../domain/selector.ts";
import type { KernelFacts } from "./facts.ts";
import { isOurRoute, isOurRule } from "./facts.ts";
import { selectorOfRule } from "./rule-forms.ts";

/** Persisted. It also keeps those that are not configured any more: they may come back. */
export interface SlotBook {
  readonly paths: ReadonlyMap<string, number>;
  readonly policies: ReadonlyMap<number, number>;
}

export interface SlotWishes {
  readonly paths: readonly { readonly id: string; readonly device: string }[];
  readonly policies: readonly { readonly id: number; readonly selectors: readonly Selector[] }[];
}

export interface SlotAssignment {
  readonly book: SlotBook;
  /** Without a slot, because all are taken: not routed. */
  readonly pathsLeftOver: readonly string[];
  readonly policiesLeftOver: readonly number[];
}

interface Room {
  readonly first: number;
  readonly last: number;
  readonly tableBase: number;
}

const PATH_ROOM: Room = { first: 1, last: PATH_SLOT_MAX, tableBase: PATH_TABLE_BASE };
const POLICY_ROOM: Room = { first: 0, last: POLICY_SLOT_MAX, tableBase: POLICY_TABLE_BASE };

export function assignSlots(
  wishes: SlotWishes,
  book: SlotBook,
  facts: KernelFacts,
): SlotAssignment {
  const usage = tableUsage(facts);
  const paths = assign(PATH_ROOM, usage, {
    wanted: wishes.paths.map(({ id }) => id),
    known: book.paths,
    learnt: learnPathSlots(wishes.paths, facts.rules),
  });
  const policies = assign(POLICY_ROOM, usage, {
    wanted: wishes.policies.map(({ id }) => id),
    known: book.policies,
    learnt: learnPolicySlots(wishes.policies, facts.rules),
  });
  return {
    book: { paths: paths.slots, policies: policies.slots },
    pathsLeftOver: paths.leftOver,
    policiesLeftOver: policies.leftOver,
  };
}

interface TableUsage {
  /** Tables with rules or routes of ours. */
  readonly own: ReadonlySet<number>;
  /** Tables that others look up or fill. */
  readonly foreign: ReadonlySet<number>;
}

function tableUsage({ rules, routes }: KernelFacts): TableUsage {
  const own = new Set<number>();
  const foreign = new Set<number>();
  for (const rule of rules) (isOurRule(rule) ? own : foreign).add(rule.table);
  for (const route of routes) (isOurRoute(route) ? own : foreign).add(route.table);
  return { own, foreign };
}

interface Claims<Id> {
  readonly wanted: readonly Id[];
  readonly known: ReadonlyMap<Id, number>;
  readonly learnt: ReadonlyMap<Id, number>;
}

function assign<Id>(
  room: Room,
  usage: TableUsage,
  { wanted, known, learnt }: Claims<Id>,
): { readonly slots: ReadonlyMap<Id, number>; readonly leftOver: readonly Id[] } {
  const isWanted = new Set(wanted);
  const slots = new Map<Id, number>();
  const taken = new Set<number>();
  const claim = (id: Id, slot: number | undefined): void => {
    if (slot === undefined || slots.has(id) || taken.has(slot)) return;
    if (!Number.isInteger(slot) || slot < room.first || slot > room.last) return;
    slots.set(id, slot);
    taken.add(slot);
  };
  for (const id of wanted) claim(id, known.get(id));
  for (const id of wanted) claim(id, learnt.get(id));
  // Absent ones keep their slots while there is room.
  const absent = [...known].filter(([id]) => !isWanted.has(id));
  const reserved = new Set(absent.map(([, slot]) => slot));
  const order = slotsByPreference(room, usage, reserved);
  const leftOver: Id[] = [];
  for (const id of wanted) {
    if (slots.has(id)) continue;
    claim(
      id,
      order.find((slot) => !taken.has(slot)),
    );
    if (!slots.has(id)) leftOver.push(id);
  }
  for (const [id, slot] of absent) claim(id, slot);
  return { slots, leftOver };
}

/** Untouched slots, then those of absent owners, then those with traces of ours, then the rest. */
function slotsByPreference(
  room: Room,
  usage: TableUsage,
  reserved: ReadonlySet<number>,
): readonly number[] {
  const cost = (slot: number) => {
    const table = room.tableBase + slot;
    const traces = (usage.own.has(table) ? 2 : 0) + (usage.foreign.has(table) ? 4 : 0);
    return traces + (reserved.has(slot) ? 1 : 0);
  };
  const all = Array.from({ length: room.last - room.first + 1 }, (_, i) => room.first + i);
  return all.sort((a, b) => cost(a) - cost(b) || a - b);
}

/** From `oif DEV lookup 1000+N` at its own priority: only there is it the rule of slot N. */
function learnPathSlots(
  paths: SlotWishes["paths"],
  rules: readonly KernelRule[],
): ReadonlyMap<string, number> {
  const byDevice = new Map<string, number[]>();
  for (const { protocol, oif, table, priority } of rules) {
    const slot = table - PATH_TABLE_BASE;
    const isLookup = protocol === OUR_PROTOCOL && priority === PATH_RULE_BASE + 4 * slot + 1;
    if (!isLookup || oif === null) continue;
    const slots = byDevice.get(oif) ?? [];
    if (!slots.includes(slot)) slots.push(slot);
    byDevice.set(oif, slots);
  }
  // Several paths of one device get its slots in their order.
  return new Map(
    paths.flatMap(({ id, device }) => {
      const slot = byDevice.get(device)?.shift();
      return slot === undefined ? [] : [[id, slot] as const];
    }),
  );
}

/** A policy is known again by its selectors; the table that most of them look up is its own. */
function learnPolicySlots(
  policies: SlotWishes["policies"],
  rules: readonly KernelRule[],
): ReadonlyMap<number, number> {
  const lookups = rules.filter(
    (rule) => isOurRule(rule) && rule.priority >= POLICY_RULE_FIRST && isPolicyTable(rule.table),
  );
  return new Map(
    policies.flatMap(({ id, selectors }) => {
      const votes = new Map<number, number>();
      for (const rule of lookups) {
        if (!selectors.some((selector) => isSelectorOf(selector, rule))) continue;
        const slot = rule.table - POLICY_TABLE_BASE;
        votes.set(slot, (votes.get(slot) ?? 0) + 1);
      }
      const [best] = [...votes].sort(([a, m], [b, n]) => n - m || a - b);
      return best === undefined ? [] : [[id, best[0]] as const];
    }),
  );
}

function isPolicyTable(table: number): boolean {
  return table >= POLICY_TABLE_BASE && table <= POLICY_TABLE_BASE + POLICY_SLOT_MAX;
}

function isSelectorOf(selector: Selector, rule: KernelRule): boolean {
  const seen = selectorOfRule(rule);
  return (
    selector.families.includes(rule.family) &&
    samePrefix(seen.from, selector.from) &&
    samePrefix(seen.to, selector.to) &&
    seen.fwmark === selector.fwmark &&
    seen.fwmask === selector.fwmask &&
    seen.iif === selector.iif
  );
}
