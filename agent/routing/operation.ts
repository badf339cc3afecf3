/**
 * Messages to the kernel as values, in the words of the orders that the worker takes. They are safe
 * to repeat: applying what is there and deleting what is gone are no faults.
 */

import type { KernelRoute, KernelRule } from "../domain/kernel-net.ts";

/** Settings of one device; null: leave as it is. */
export interface LinkSetting {
  readonly device: string;
  /** net.ipv4.conf.DEV.rp_filter: 0 off, 1 strict, 2 loose. */
  readonly rpFilter: number | null;
  /** net.ipv4.conf.DEV.ignore_routes_with_linkdown. */
  readonly ignoreRoutesWithLinkdown: boolean | null;
}

export type RouteOperation =
  | ({ readonly kind: "set-link" } & LinkSetting)
  | { readonly kind: "apply-rule"; readonly rule: KernelRule }
  /** By all conditions and our protocol. */
  | { readonly kind: "delete-rule"; readonly rule: KernelRule }
  /** CREATE | REPLACE: takes the place of the route with the same destination and metric. */
  | { readonly kind: "apply-route"; readonly route: KernelRoute }
  /** By destination, metric, way and our protocol. */
  | { readonly kind: "delete-route"; readonly route: KernelRoute };
