/** Who hears what the driver learns of paths, right after cache and engine do. */

import type { PathIndex } from "../../domain/ids.ts";
import type { Instant } from "../../domain/units.ts";
import type { FrameHeader } from "../../wire/frame.ts";

export interface PathObserver {
  /** Outcome records, valid during the call; the first `count` rows of `paths` were rescored. */
  ingested(records: Uint8Array, paths: Uint32Array, count: number): void;
  statusChanged(path: PathIndex): void;
  /** `kind` and `index` as in wire/verdict.ts. */
  verdict(kind: number, index: number): void;
  stalled(from: Instant, to: Instant): void;
  /** A worker of this generation is there; 0: it is gone. */
  peerChanged(generation: number): void;
  /** Of a type that the driver does not know; false: nobody knows it. */
  frame(frame: Uint8Array, header: FrameHeader): boolean;
}
