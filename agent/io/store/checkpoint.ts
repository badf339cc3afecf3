/**
 * When the WAL is copied into the database file, and where: in a Worker, off the loop that decides
 * failover.
 *
 * The Worker's module is an entry point of its own in the compiled file. Bun names an entry there
 * by its path below the build's root, so the build must have `agent/` as its root
 * (`bun build --compile --root agent agent/main.ts agent/io/store/checkpoint-worker.ts`);
 * `import.meta.url` of a split chunk does not lead to it. From source the module lies beside us.
 */

import { isCompiled } from "../../domain/self.ts";
import { PAGE_BYTES, WAL_FRAME_BYTES } from "./database.ts";
import type { Attempt } from "./fault.ts";
import type { RetainJob } from "./retain.ts";
import type { Anchors } from "./retention.ts";
import type { RewriteJob } from "./rewrite.ts";

const COMPILED_ENTRY = "/$bunfs/root/io/store/checkpoint-worker.ts";

/** A larger WAL folds more rewrites of one page into one; beyond 4 MB there is little to gain. */
export const WAL_PAGES_MAX = (4 * 1024 * PAGE_BYTES) / WAL_FRAME_BYTES;
/** Beyond this the checkpoint does not wait for a calm moment. */
export const WAL_PAGES_HARD_MAX = 4 * WAL_PAGES_MAX;

/** What the Worker is started for. */
export type StoreJob =
  | { readonly kind: "checkpoint"; readonly uri: string }
  /** `copyTo` must not exist yet. */
  | { readonly kind: "copy"; readonly uri: string; readonly copyTo: string }
  /** No handle may be open. */
  | ({ readonly kind: "rewrite" } & RewriteJob)
  | ({ readonly kind: "retain" } & RetainJob);

/** What the Worker says. */
export type StoreAnswer =
  /** A rewrite holds the file: whoever closes it now closes it for free. */
  { readonly kind: "opened" } | { readonly kind: "end"; readonly end: Attempt<Anchors | null> };

export type CheckpointEnd =
  | Attempt<null>
  /** The Worker did not run at all. */
  | { readonly kind: "no-worker"; readonly reason: string };

export interface RewriteWatcher {
  onOpened(): void;
  onEnd(end: CheckpointEnd): void;
}

export interface Checkpointer {
  /** A second connection to the file is open. */
  readonly running: boolean;
  /** Starts one checkpoint; `onEnd` is called once, after its connection is closed. */
  start(uri: string, onEnd: (end: CheckpointEnd) => void): void;
  /** Copies the database as of now into a new file. Not while `running`. */
  copy(uri: string, copyTo: string, onEnd: (end: CheckpointEnd) => void): void;
  /** Puts a smaller file in the place of the database, which nobody has open after `onOpened`. */
  rewrite(job: RewriteJob, on: RewriteWatcher): void;
  /** Deletes what is too old; the anchors are for the next round. */
  retain(job: RetainJob, onEnd: (end: CheckpointEnd, anchors: Anchors | null) => void): void;
}

export function isCheckpointDue(walPages: number, calm: boolean): boolean {
  return walPages > (calm ? WAL_PAGES_MAX : WAL_PAGES_HARD_MAX);
}

export class WorkerCheckpointer implements Checkpointer {
  readonly #entry: string | URL;
  #running = false;

  constructor(entry: string | URL = workerEntry(Bun.main)) {
    this.#entry = entry;
  }

  get running(): boolean {
    return this.#running;
  }

  start(uri: string, onEnd: (end: CheckpointEnd) => void): void {
    this.#run({ kind: "checkpoint", uri }, onEnd);
  }

  copy(uri: string, copyTo: string, onEnd: (end: CheckpointEnd) => void): void {
    this.#run({ kind: "copy", uri, copyTo }, onEnd);
  }

  rewrite(job: RewriteJob, { onOpened, onEnd }: RewriteWatcher): void {
    this.#run({ kind: "rewrite", ...job }, onEnd, onOpened);
  }

  retain(job: RetainJob, onEnd: (end: CheckpointEnd, anchors: Anchors | null) => void): void {
    this.#run({ kind: "retain", ...job }, onEnd);
  }

  #run(
    job: StoreJob,
    onEnd: (end: CheckpointEnd, anchors: Anchors | null) => void,
    onOpened = () => {},
  ): void {
    this.#running = true;
    void this.#perform(job, onEnd, onOpened);
  }

  async #perform(
    job: StoreJob,
    onEnd: (end: CheckpointEnd, anchors: Anchors | null) => void,
    onOpened: () => void,
  ): Promise<void> {
    // Half a megabyte of memory that an agent without a file never needs.
    const { Worker } = await import("node:worker_threads");
    let end: CheckpointEnd = { kind: "no-worker", reason: "the worker ended without an answer" };
    let anchors: Anchors | null = null;
    const worker = new Worker(this.#entry, { workerData: job });
    worker.unref();
    worker.on("message", (answer: StoreAnswer) => {
      if (answer.kind === "opened") {
        onOpened();
        worker.postMessage("closed");
        return;
      }
      end = answer.end.kind === "ok" ? { kind: "ok", value: null } : answer.end;
      if (answer.end.kind === "ok") anchors = answer.end.value;
    });
    worker.on("error", (error: Error) => {
      end = { kind: "no-worker", reason: error.message };
    });
    worker.once("exit", () => {
      this.#running = false;
      onEnd(end, anchors);
    });
  }
}

export function workerEntry(mainModule: string): string | URL {
  if (isCompiled(mainModule)) return COMPILED_ENTRY;
  return new URL("./checkpoint-worker.ts", import.meta.url);
}
