/**
 * What traffic a policy is about: the selectors of `route.match`, as text in the configuration and
 * as values here, and the order in which the kernel asks them. That order decides what is shadowed,
 * so checks and rules must take it from the same place.
 */

import type { Family } from "./kernel-net.ts";
import type { Prefix } from "./prefix.ts";
import { holdsPrefix, parsePrefix, sameBytes } from "./prefix.ts";

/** As configured: plain JSON. Only given conditions count; `to: default` alone takes the rest. */
export interface RouteMatch {
  /** A prefix or an address. */
  readonly from: string | null;
  /** A prefix, an address or `default`. */
  readonly to: string | null;
  /** The mark and the bits of it that are compared; null: any mark. */
  readonly fwmark: { readonly mark: number; readonly mask: number } | null;
  /** `lo`: traffic of the box itself. */
  readonly iif: string | null;
}

/** `nat`: the operator asserts that IPv6 is translated per path, so any selector may move it. */
export type Ipv6Routing = "report" | "nat";

/** What a policy does to traffic. */
export interface RouteConfig {
  /** 1 to 16. */
  readonly match: readonly RouteMatch[];
  readonly ipv6: Ipv6Routing;
}

export interface Selector {
  /** Families that it can match at all. */
  readonly families: readonly Family[];
  /** null: any. A prefix of length 0 is null too, with one family. */
  readonly from: Prefix | null;
  readonly to: Prefix | null;
  /** Both 0: any mark. */
  readonly fwmark: number;
  readonly fwmask: number;
  readonly iif: string | null;
}

export const TO_DEFAULT = "default";

/** null: the texts are no prefixes, or of two families. */
export function parseSelector(match: RouteMatch): Selector | null {
  const from = match.from === null ? null : parsePrefix(match.from);
  const isTo = match.to !== null && match.to !== TO_DEFAULT;
  const to = isTo ? parsePrefix(match.to) : null;
  if ((match.from !== null && from === null) || (isTo && to === null)) return null;
  if (from !== null && to !== null && from.family !== to.family) return null;
  const family = from?.family ?? to?.family;
  const mask = match.fwmark?.mask ?? 0;
  return {
    families: family === undefined ? [4, 6] : [family],
    from: from?.length === 0 ? null : from,
    to: to?.length === 0 ? null : to,
    // The kernel compares the masked mark with the value as it was given.
    fwmark: ((match.fwmark?.mark ?? 0) & mask) >>> 0,
    fwmask: mask,
    iif: match.iif,
  };
}

/**
 * The families in which a selector moves traffic. IPv6 hosts keep the prefix of the old uplink as
 * source, so without translation only selectors that name a source are routed.
 */
export function routedFamilies({ families, from }: Selector, ipv6: Ipv6Routing): readonly Family[] {
  return families.filter((family) => family === 4 || ipv6 === "nat" || from !== null);
}

/** Matches whatever nothing else took. */
export function isCatchAll({ from, to, fwmask, iif }: Selector): boolean {
  return from === null && to === null && fwmask === 0 && iif === null;
}

/** Everything that `narrow` matches in this family, `wide` matches too. */
export function coversSelector(wide: Selector, narrow: Selector, family: Family): boolean {
  if (!wide.families.includes(family) || !narrow.families.includes(family)) return false;
  const isMarkCovered =
    (wide.fwmask & ~narrow.fwmask) === 0 && ((narrow.fwmark ^ wide.fwmark) & wide.fwmask) === 0;
  return (
    isMarkCovered &&
    coversPrefix(wide.from, narrow.from) &&
    coversPrefix(wide.to, narrow.to) &&
    (wide.iif === null || wide.iif === narrow.iif)
  );
}

function coversPrefix(wide: Prefix | null, narrow: Prefix | null): boolean {
  return wide === null || (narrow !== null && holdsPrefix(wide, narrow));
}

export function samePrefix(a: Prefix | null, b: Prefix | null): boolean {
  if (a === null || b === null) return a === b;
  return a.length === b.length && sameBytes(a.bytes, b.bytes);
}

/**
 * In the order in which the kernel asks: prefixes in `to` first, the longest before the others,
 * then the rest, the catch-all last; within these as given.
 */
export function inKernelOrder<T extends { readonly selector: Selector }>(
  items: readonly T[],
): readonly T[] {
  const rank = ({ selector }: T) => {
    if (selector.to !== null) return -selector.to.length;
    return isCatchAll(selector) ? 2 : 1;
  };
  return [...items].sort((a, b) => rank(a) - rank(b));
}

export interface Shadowed<T> {
  readonly item: T;
  /** Asked before it, and takes everything that it could match. */
  readonly by: T;
}

/** Selectors that can never match, because in each family an earlier one takes it all. */
export function findShadowed<T extends { readonly selector: Selector }>(
  items: readonly T[],
): readonly Shadowed<T>[] {
  const ordered = inKernelOrder(items);
  return ordered.flatMap((item, position) => {
    const earlier = ordered.slice(0, position);
    const covers = item.selector.families.map((family) =>
      earlier.find(({ selector }) => coversSelector(selector, item.selector, family)),
    );
    const [by] = covers;
    return by === undefined || covers.includes(undefined) ? [] : [{ item, by }];
  });
}
