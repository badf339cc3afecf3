/** Messages to the kernel as values. The worker sends them, the command line prints them. */

import type { KernelRoute, KernelRule } from "../domain/kernel-net.ts";

/** Settings of one device; null: leave as it is. */
export interface LinkSetting {
  /** Interface index. */
  readonly index: number;
  readonly device: string;
  /** net.ipv4.conf.DEV.rp_filter: 0 off, 1 strict, 2 loose. */
  readonly rpFilter: number | null;
  /** net.ipv4.conf.DEV.ignore_routes_with_linkdown. */
  readonly ignoreLinkdown: boolean | null;
  /** The same of net.ipv6; the kernel has no message for it, only a file. */
  readonly ignoreLinkdownV6: boolean | null;
}

export type RouteOperation =
  | { readonly kind: "set-link"; readonly setting: LinkSetting }
  /** Creates the rule; an equal one there already is as good. */
  | { readonly kind: "add-rule"; readonly rule: KernelRule }
  /** Deletes by all conditions and our protocol; one that is gone already is as good. */
  | { readonly kind: "delete-rule"; readonly rule: KernelRule }
  /** CREATE | REPLACE: takes the place of the route with the same destination and metric. */
  | { readonly kind: "replace-route"; readonly route: KernelRoute }
  /** Deletes by destination, metric, way and our protocol; one that is gone is as good. */
  | { readonly kind: "delete-route"; readonly route: KernelRoute };
