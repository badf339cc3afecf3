/** The seam between the desk for updates and the supervisor around it. */

import type { Log } from "../../controller/ports.ts";
import type { AgentConfig } from "../../domain/config.ts";
import type { Instant } from "../../domain/units.ts";
import type { Disk } from "../../update/program-files.ts";
import type { UpdaterAnswer, UpdaterTask } from "../../updater/protocol.ts";

/** What the supervisor does for updates. */
export interface DeskHost {
  readonly log: Log;
  readonly disk: Disk;
  /** The compiled file that this process was started from. */
  readonly program: string;
  /** Behind `run`, as we were started. */
  readonly args: readonly string[];
  config(): AgentConfig;
  now(): Instant;
  /** Unix seconds. */
  wall(): number;
  tell(frame: Uint8Array): void;
  later(delayMs: number, run: () => void): void;
  runUpdater(task: UpdaterTask, keysFile: string | null): Promise<UpdaterAnswer>;
  /** Both children again, from the program's file; answers with what it says against it. */
  renewChildren(): Promise<string | null>;
  /** The same after a trial that failed; from now on they are of the file before. */
  returnChildren(): void;
  /** Ends the children and becomes the program's file. */
  takeOver(): void;
}
