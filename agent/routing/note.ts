/** What a plan cannot do as asked at this moment, for status and log; none of it stops the rest. */

import { unreachable } from "../domain/invariant.ts";
import type { Family } from "../domain/kernel-net.ts";

export type RouteNote =
  /** `address` is on the devices of both paths: replies to it may leave by either. */
  | {
      readonly kind: "shared-address";
      readonly path: string;
      readonly other: string;
      readonly address: string;
    }
  | { readonly kind: "interface-missing"; readonly path: string; readonly device: string }
  /** The device is up, but no gateway is known: hard-down in this family. */
  | { readonly kind: "no-gateway"; readonly path: string; readonly family: Family }
  /** Selectors without a source do not move IPv6 unless `ipv6: nat` says that it is translated. */
  | { readonly kind: "ipv6-not-routed"; readonly policy: number }
  /** A route of somebody else holds the place of ours; it is left alone. */
  | { readonly kind: "place-taken"; readonly table: number; readonly family: Family };

export function describeNote(note: RouteNote): string {
  switch (note.kind) {
    case "shared-address":
      return `move ${note.address}: it is on the devices of "${note.path}" and "${note.other}"`;
    case "interface-missing":
      return `cannot route by "${note.path}": want the device ${note.device}`;
    case "no-gateway":
      return `cannot route IPv${note.family} by "${note.path}": want a default route or gateway`;
    case "ipv6-not-routed":
      return `policy ${note.policy} only reports on IPv6: want ipv6: nat, or from in its selectors`;
    case "place-taken":
      return `remove the foreign default route from table ${note.table} (IPv${note.family})`;
    default:
      return unreachable(note);
  }
}
