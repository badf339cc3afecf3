/**
 * What the engine asks for, and what the operator should know. Performed in order by the driver.
 */

import type { PathIndex } from "../domain/ids.ts";
import type { Status } from "../domain/status.ts";

/**
 * Why a status changed: by the score, by a verdict on silence or by the replies that ended it, or
 * because we know nothing any more.
 */
export type StatusCause = "score" | "silence" | "replies" | "stale" | "worker-lost";

export type Effect =
  | {
      readonly kind: "status-changed";
      readonly path: PathIndex;
      readonly from: Status;
      readonly to: Status;
      readonly cause: StatusCause;
    }
  /** A check is due: what the cache says of the path goes into its history. */
  | { readonly kind: "sample-check"; readonly path: PathIndex }
  /** Store the path's current cache row as a check. Never asked for an unknown path. */
  | { readonly kind: "record-check"; readonly path: PathIndex }
  | { readonly kind: "flush-journal" };
