/**
 * Another file takes over: first the children, one after the other, so that probing pauses for
 * milliseconds; after the commit the supervisor itself, by exec, so that the service manager sees
 * the same process.
 */

import type { Log } from "../../controller/ports.ts";
import type { AgentConfig } from "../../domain/config.ts";
import { isCompiled } from "../../domain/self.ts";
import { createClock } from "../../io/clock.ts";
import { execute, monotonicNow } from "../../worker/libc.ts";
import type { Child } from "../child.ts";
import { regainForExec } from "../credentials.ts";
import type { DeskHost } from "./desk.ts";

/** Of the database's last flush; then it is killed. */
const STOP_DEADLINE_MS = 3_000;

export interface HandoverParts {
  readonly controller: Child;
  readonly worker: Child;
  readonly command: readonly string[];
  readonly args: readonly string[];
  /** Environment of whoever reads the configuration. */
  readonly reader: Readonly<Record<string, string>>;
  readonly log: Log;
  later(delayMs: number, run: () => void): void;
  /** JSON of a RunPlan, for the children that start from now on. */
  takePlan(text: string): void;
  plan(): string;
  /** The other file could not be started: the service manager must. */
  failed(): void;
}

export class Handover {
  readonly #parts: HandoverParts;
  /** The worker goes when the new controller is there: until then it probes on. */
  #isWorkerDue = false;
  /** Of the release before, while another one is on trial. */
  #planBefore: string | null = null;
  #isLeaving = false;

  constructor(parts: HandoverParts) {
    this.#parts = parts;
  }

  /** The configuration as the program at our place reads it; null: it has problems. */
  async readPlan(): Promise<string | null> {
    const { command, args, reader } = this.#parts;
    const child = Bun.spawn([...command, "run", "--print-plan", ...args], {
      stdio: ["ignore", "pipe", "inherit"],
      env: { ...reader },
    });
    const text = await new Response(child.stdout).text();
    return (await child.exited) === 0 ? text : null;
  }

  controllerStarted(): void {
    if (!this.#isWorkerDue) return;
    this.#isWorkerDue = false;
    this.#parts.worker.renew(STOP_DEADLINE_MS);
  }

  /** true: it ended because another file takes over. */
  ended(child: Child): boolean {
    if (!this.#isLeaving) return false;
    const { controller, worker } = this.#parts;
    if (child.role === "controller") worker.stop();
    if (!controller.running && !worker.running) this.becomeProgram();
    return true;
  }

  /** Does not return, unless it fails. */
  becomeProgram(): void {
    const { command, args, reader, log } = this.#parts;
    const [program = ""] = command;
    regainForExec();
    const errno = execute(program, [...command, "run", ...args], reader);
    log.error("cannot start the program again in place", { program, errno });
    this.#parts.failed();
  }

  /** null: from source there is no file to replace. */
  async deskHost(config: () => AgentConfig): Promise<DeskHost | null> {
    const { command, args, reader, log, controller, later } = this.#parts;
    const [program] = command;
    if (program === undefined || !isCompiled(Bun.main)) return null;
    const { REAL_DISK } = await import("./real-disk.ts");
    const { runUpdater } = await import("./run-updater.ts");
    const clock = createClock();
    return {
      ...{ log, program, args, config, later, disk: REAL_DISK },
      now: monotonicNow,
      wall: () => Math.floor(clock.wall() / 1_000),
      tell: (frame) => controller.send(frame),
      runUpdater: (task, keysFile) =>
        runUpdater(
          { program, keysFile, task },
          { command, environment: reader, storagePath: config().storage.path },
        ),
      renewChildren: () => this.#renewChildren(),
      returnChildren: () => this.#returnChildren(),
      takeOver: () => this.#leave(),
    };
  }

  async #renewChildren(): Promise<string | null> {
    const text = await this.readPlan();
    if (text === null) return "it refuses the configuration";
    this.#planBefore = this.#parts.plan();
    this.#parts.takePlan(text);
    this.#renew();
    return null;
  }

  /** At once: a child that has just died must find the plan of its own release. */
  #returnChildren(): void {
    if (this.#planBefore !== null) this.#parts.takePlan(this.#planBefore);
    this.#planBefore = null;
    this.#renew();
  }

  #renew(): void {
    const { controller } = this.#parts;
    this.#isWorkerDue = true;
    controller.renew(STOP_DEADLINE_MS); // one that is gone starts by itself
  }

  #leave(): void {
    const { controller, worker, later } = this.#parts;
    if (this.#isLeaving) return;
    this.#isLeaving = true;
    controller.stop();
    if (!controller.running) worker.stop();
    if (!controller.running && !worker.running) this.becomeProgram();
    later(STOP_DEADLINE_MS, () => {
      controller.kill();
      worker.kill();
    });
  }
}
