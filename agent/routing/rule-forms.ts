/** Rules as we write them, and when two rules are the same one. */

import type { Family, KernelRule } from "../domain/kernel-net.ts";
import {
  OUR_PROTOCOL,
  PATH_RULE_BASE,
  PATH_TABLE_BASE,
  POLICY_RULE_FIRST,
  POLICY_RULE_LAST,
  RULE_ACTION,
  TABLE_MAIN,
} from "../domain/kernel-net.ts";
import type { Prefix } from "../domain/prefix.ts";
import { prefixOf } from "../domain/prefix.ts";
import type { Selector } from "../domain/selector.ts";

/** Behind this the policies without a `to` prefix: specific routes of main win over them. */
export const MAIN_FIRST_PRIORITY = 30_000;
/** The first rule of selectors without `to`; 16 priorities for each policy. */
export const SELECTOR_RULE_BASE = 31_000;
export const MATCHES_MAX = 16;
/** Pairs that fit between POLICY_RULE_FIRST and MAIN_FIRST_PRIORITY, per family. */
export const TO_PAIRS_MAX = (MAIN_FIRST_PRIORITY - POLICY_RULE_FIRST) / 2;

const FIB_RULE_INVERT = 2;

/** `lookup table` for everything, to be narrowed by the caller. */
export function lookupRule(family: Family, priority: number, table: number): KernelRule {
  return {
    family,
    priority,
    table,
    action: RULE_ACTION.toTable,
    protocol: OUR_PROTOCOL,
    from: null,
    fromLen: 0,
    to: null,
    toLen: 0,
    iif: null,
    oif: null,
    fwmark: 0,
    fwmask: 0,
    suppressPrefixLen: null,
  };
}

/** Routes of main that are longer than `length`; the default routes never. */
export function mainRule(family: Family, priority: number, length: number): KernelRule {
  return { ...lookupRule(family, priority, TABLE_MAIN), suppressPrefixLen: length };
}

/** Narrows a rule to what a selector matches. */
export function withSelector(rule: KernelRule, selector: Selector): KernelRule {
  return {
    ...rule,
    from: selector.from?.bytes ?? null,
    fromLen: selector.from?.length ?? 0,
    to: selector.to?.bytes ?? null,
    toLen: selector.to?.length ?? 0,
    fwmark: selector.fwmark,
    fwmask: selector.fwmask,
    iif: selector.iif,
  };
}

/** The conditions of a rule, without its priority and its table. */
export function selectorOfRule(rule: KernelRule): Selector {
  return {
    families: [rule.family],
    from: prefixIn(rule.from, rule.fromLen),
    to: prefixIn(rule.to, rule.toLen),
    fwmark: rule.fwmark,
    fwmask: rule.fwmask,
    iif: rule.iif,
  };
}

function prefixIn(bytes: Uint8Array | null, length: number): Prefix | null {
  return bytes === null || length === 0 ? null : prefixOf(bytes, length);
}

/**
 * Main's specific routes, then the path's own table, for a socket bound to the device. Alone, the
 * second rule would send on-link traffic to the gateway, and the kernel would refuse every IPv6
 * gateway (it looks the gateway up with this device).
 */
export function deviceRules(family: Family, slot: number, device: string): readonly KernelRule[] {
  return pairOfPath(family, slot, 0).map((rule) => ({ ...rule, oif: device }));
}

/** The same for packets that carry an address of the device; reverse path filters ask this. */
export function addressRules(address: Uint8Array, slot: number): readonly KernelRule[] {
  const { family, length } = prefixOf(address, address.byteLength * 8);
  return pairOfPath(family, slot, 2).map((rule) => ({ ...rule, from: address, fromLen: length }));
}

function pairOfPath(family: Family, slot: number, offset: number): readonly KernelRule[] {
  const priority = PATH_RULE_BASE + 4 * slot + offset;
  return [mainRule(family, priority, 0), lookupRule(family, priority + 1, PATH_TABLE_BASE + slot)];
}

/** One of the rules of a path, not of a policy. */
export function isPathRule({ priority }: KernelRule): boolean {
  return priority < POLICY_RULE_FIRST || priority > POLICY_RULE_LAST;
}

/** Flags that tell of a missing device do not make it another rule; an inverted one is another. */
export function sameRule(a: KernelRule, b: KernelRule): boolean {
  return ruleKey(a) === ruleKey(b);
}

/** Equal for equal rules. */
export function ruleKey(rule: KernelRule): string {
  const { from, to } = selectorOfRule(rule);
  const marks = [rule.fwmark, rule.fwmask, rule.suppressPrefixLen];
  const isInverted = ((rule.flags ?? 0) & FIB_RULE_INVERT) !== 0;
  const who = [rule.family, rule.priority, rule.table, rule.action, rule.protocol, isInverted];
  // Device names hold no blanks.
  return [...who, keyOf(from), keyOf(to), rule.iif ?? "", rule.oif ?? "", ...marks].join(" ");
}

function keyOf(prefix: Prefix | null): string {
  return prefix === null ? "" : `${prefix.bytes.join(".")}/${prefix.length}`;
}
