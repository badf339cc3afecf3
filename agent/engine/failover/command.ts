/** What an operator may order. Every order is signed and becomes an audit record. */

import type { PathId } from "../../domain/ids.ts";
import type { Micros } from "../../domain/units.ts";

/** `strict` stays on a dead path, `safe` leaves it and comes back. */
export type PinMode = "strict" | "safe";

export interface Signature {
  readonly author: string;
  /** Free text; may be empty. */
  readonly reason: string;
}

export type OperatorCommand = Signature &
  (
    | { readonly action: "switch"; readonly policy: number; readonly path: PathId }
    | {
        readonly action: "pin";
        readonly policy: number;
        readonly path: PathId;
        readonly mode: PinMode;
        /** null: until it is taken back. */
        readonly expiresAfter: Micros | null;
      }
    | { readonly action: "unpin"; readonly policy: number }
    | {
        readonly action: "hold";
        readonly policy: number;
        /** false: only voluntary moves are held back; true: all moves. */
        readonly strict: boolean;
        readonly expiresAfter: Micros | null;
      }
    | { readonly action: "release"; readonly policy: number }
    | {
        readonly action: "maintenance";
        readonly path: PathId;
        readonly on: boolean;
        readonly expiresAfter: Micros | null;
      }
    | { readonly action: "enable" | "disable"; readonly policy: number }
  );
