/**
 * Brings a file that is far beyond its budget down to it, once after the start. Nobody reads or
 * writes the history while the Worker makes the smaller file; rows and events wait in memory.
 */

import type { Log } from "../../controller/ports.ts";
import type { CheckpointEnd, Checkpointer } from "./checkpoint.ts";
import { PAGE_BYTES } from "./database.ts";
import type { StoreHandle } from "./handle.ts";
import type { RewriteJob } from "./rewrite.ts";
import { dropRewrite, rewriteNeed } from "./rewrite.ts";
import { storeSize } from "./store-size.ts";

const MIB = 1024 * 1024;

export interface FitParts {
  readonly path: string;
  readonly handle: Pick<StoreHandle, "lend" | "part" | "giveBack" | "maxPages">;
  readonly checkpointer: Pick<Checkpointer, "running" | "rewrite">;
  readonly log: Log;
  /** The file may be written again. */
  onEnd(): void;
}

export class Fit {
  readonly #parts: FitParts;
  #isSettled = false;
  #isStopped = false;

  constructor(parts: FitParts) {
    this.#parts = parts;
  }

  /** True: it began, and everything else waits for its end. */
  begin(): boolean {
    const { path, handle, checkpointer, log } = this.#parts;
    if (this.#isSettled || checkpointer.running) return false;
    this.#isSettled = true;
    const need = rewriteNeed(path, handle.maxPages);
    const budgetMb = (handle.maxPages * PAGE_BYTES) / MIB;
    if (need.kind === "none") return false;
    if (need.kind === "no-room") {
      log.warn("history stays larger than its budget", { reason: need.reason });
      return false;
    }
    log.info("history is made smaller", { octets: need.octets, budget_mb: budgetMb });
    handle.lend();
    checkpointer.rewrite(need.job, {
      onOpened: () => handle.part(),
      onEnd: (end) => this.#end(need.job, end),
    });
    return true;
  }

  /** What the Worker does from here on is of no use; the old file stays. */
  stop(): void {
    this.#isSettled = true;
    this.#isStopped = true;
  }

  /** Whatever went wrong, the old file is still there, and rows are deleted in steps. */
  #end(job: RewriteJob, end: CheckpointEnd): void {
    if (this.#isStopped) return;
    const { handle, log, path, onEnd } = this.#parts;
    if (end.kind === "ok") {
      log.info("history fits its budget", { octets: storeSize(path).octets });
    } else {
      dropRewrite(job);
      const reason = end.kind === "fault" ? end.fault.reason : end.reason;
      log.warn("history stays larger than its budget", { reason });
    }
    handle.giveBack();
    onEnd();
  }
}
