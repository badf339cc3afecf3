/** What was read from the kernel at one moment, and the questions that every part asks of it. */

import { isLinkLocal } from "../domain/gateways.ts";
import type {
  Family,
  KernelAddress,
  KernelLink,
  KernelRoute,
  KernelRule,
} from "../domain/kernel-net.ts";
import {
  isOurPriority,
  isOurTable,
  LINK_FLAG,
  OUR_PROTOCOL,
  TABLE_MAIN,
} from "../domain/kernel-net.ts";

export interface KernelFacts {
  readonly links: readonly KernelLink[];
  readonly addresses: readonly KernelAddress[];
  /** At least table main and our tables, both families, in dump order. */
  readonly routes: readonly KernelRoute[];
  readonly rules: readonly KernelRule[];
  /** Where the system keeps the routes of its uplinks; absent: main alone. */
  readonly learnTables?: readonly number[];
}

export const FAMILIES: readonly Family[] = [4, 6];

export function linkNamed(facts: KernelFacts, name: string): KernelLink | null {
  return facts.links.find((link) => link.name === name) ?? null;
}

/** Up by the operator's will; the carrier may be missing. */
export function isUp(link: KernelLink | null): link is KernelLink {
  return link !== null && (link.flags & LINK_FLAG.up) !== 0;
}

export function addressesOf(
  facts: KernelFacts,
  index: number,
  family: Family,
): readonly KernelAddress[] {
  return facts.addresses.filter((one) => one.index === index && one.family === family);
}

/** Without one, packets of this family would carry an address of another device. */
export function hasUsableAddress(facts: KernelFacts, index: number, family: Family): boolean {
  return addressesOf(facts, index, family).some(({ address }) => !isLinkLocal(address));
}

/** Ours to change and to delete: everything else is never touched. */
export function isOurRule(rule: KernelRule): boolean {
  return rule.protocol === OUR_PROTOCOL && isOurPriority(rule.priority);
}

/** We write default routes only. */
export function isOurRoute(route: KernelRoute): boolean {
  const isDefault = route.dstLen === 0 && route.srcLen === 0;
  return isDefault && route.protocol === OUR_PROTOCOL && isOurTable(route.table);
}

export function learnTablesOf(facts: KernelFacts): readonly number[] {
  return facts.learnTables ?? [TABLE_MAIN];
}
