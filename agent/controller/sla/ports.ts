/** The seams of the SLA part: what it keeps on disk and reads of the history. */

import type { PathId } from "../../domain/ids.ts";
import type { MaintenanceSpan, StatusMark } from "../../domain/sla.ts";
import type { UnixSeconds } from "../../domain/units.ts";

export interface TimeSpan {
  readonly from: UnixSeconds;
  readonly to: UnixSeconds;
}

/** Never throws for a fault of the disk: what cannot be written waits in bounded memory. */
export interface MaintenanceLog {
  /** Of a path that is in maintenance already: only author and reason are taken over. */
  begin(path: PathId, by: Pick<MaintenanceSpan, "author" | "reason">, at: UnixSeconds): void;
  /** false: the path was not in maintenance. */
  end(path: PathId, at: UnixSeconds): boolean;
  /** Spans that go on. */
  open(): readonly MaintenanceSpan[];
  /** Spans of one path that touch this one, oldest first. */
  spans(path: PathId, within: TimeSpan): readonly MaintenanceSpan[];
}

export interface StatusLog {
  mark(mark: StatusMark): void;
  /** Of one path, oldest first. */
  marks(path: PathId, within: TimeSpan): readonly StatusMark[];
}
