/** What the HTTP surface may ask about updates. */

import type { UpdateActivity, UpdateStep } from "../../domain/update.ts";

export interface ReleaseBody {
  readonly release: number;
  readonly version: string;
}

export interface UpdateBody {
  /** `update.url` is set. */
  readonly enabled: boolean;
  readonly channel: string;
  readonly automatic: boolean;
  readonly running: ReleaseBody & { readonly target: string; readonly sha256: string | null };
  readonly activity: UpdateActivity;
  /** null: nothing newer is known. */
  readonly available:
    | (ReleaseBody & { readonly how: "delta" | "full"; readonly octets: number })
    | null;
  /** null: nothing is being loaded. */
  readonly loaded_octets: number | null;
  readonly last_check: {
    readonly at: number;
    readonly outcome: "current" | "offered" | "refused" | "failed";
    readonly reason: string;
  } | null;
  /** Why what is available is not taken by itself; null: it is, or there is none. */
  readonly waiting: string | null;
  readonly trial: (ReleaseBody & { readonly ends_in_secs: number }) | null;
  /** What `rollback` leads to; null: nothing is kept. */
  readonly previous: ReleaseBody | null;
  readonly highest_release: number;
  readonly min_release: number;
  readonly keys_version: number;
  /** Never tried again. */
  readonly refused: readonly (ReleaseBody & { readonly sha256: string; readonly reason: string })[];
  /** Oldest first. */
  readonly steps: readonly UpdateStep[];
}

export type UpdateAnswer =
  | { readonly kind: "started" }
  | { readonly kind: "refused"; readonly reason: string };

export interface UpdateView {
  body(): Promise<UpdateBody>;
  check(): Promise<UpdateBody>;
  apply(anyPath: boolean): Promise<UpdateAnswer>;
  rollBack(author: string): Promise<UpdateAnswer>;
  /** For metrics, without loading anything; null: updates are not in use. */
  current(): UpdateBody | null;
}
