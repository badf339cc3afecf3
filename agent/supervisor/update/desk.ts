/**
 * Updates as the supervisor sees them: it takes orders from the controller, lets the updater verify
 * and build, swaps the file, restarts the processes from it and judges the trial. Whatever goes
 * wrong ends with a program that runs and a step that says why.
 */

import type { Log } from "../../controller/ports.ts";
import type { AgentConfig } from "../../domain/config.ts";
import { unreachable } from "../../domain/invariant.ts";
import type { Instant } from "../../domain/units.ts";
import { micros, US_PER_S } from "../../domain/units.ts";
import type { UpdateStep } from "../../domain/update.ts";
import { isTrouble } from "../../domain/update.ts";
import { VERSION } from "../../domain/version.ts";
import type { KnownFile, UpdateMemory } from "../../update/memory.ts";
import { withBad, withNoted, withSighting, withStep } from "../../update/memory.ts";
import type { ProgramPlaces } from "../../update/places.ts";
import { placesOf } from "../../update/places.ts";
import type { Disk, Marker } from "../../update/program-files.ts";
import {
  endTrial,
  swapBack,
  swapIn,
  writeMarker,
  writeMemory,
} from "../../update/program-files.ts";
import { RELEASE } from "../../update/root-keys.ts";
import { rejected, settle } from "../../update/settle.ts";
import { Trial } from "../../update/trial.ts";
import type { Staged, UpdaterAnswer, UpdaterTask } from "../../updater/protocol.ts";
import type { UpdateOrder, UpdateReport } from "../../wire/update-frames.ts";
import { encodeUpdate, UPDATE_FRAME } from "../../wire/update-frames.ts";
import type { Role } from "../child.ts";

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

type Activity = UpdateReport["activity"];

const TICK_MS = 500;

export class UpdateDesk {
  readonly #host: DeskHost;
  readonly #places: ProgramPlaces;
  #activity: Activity = "idle";
  #memory: UpdateMemory;
  #sha256: string | null = null;
  #rootKeys: readonly string[] = [];
  #marker: Marker | null = null;
  #trial: Trial | null = null;
  #trialEnd = 0;
  /** The code that judges is of the file before: the supervisor has not changed yet. */
  #isOfBefore = false;
  readonly #ready = new Set<Role>();
  /** The program's place holds another file than the one that runs. */
  readonly mustRestart: boolean;

  constructor(host: DeskHost) {
    this.#host = host;
    this.#places = placesOf(host.program);
    const settled = settle(host.disk, this.#places, host.wall());
    this.#memory = settled.memory;
    this.mustRestart = settled.kind === "restart";
    if (settled.kind === "trial") this.#watch(settled.marker);
  }

  get isTrial(): boolean {
    return this.#activity === "trial";
  }

  take(order: UpdateOrder): void {
    switch (order.kind) {
      case "look":
        this.report();
        return;
      case "survey":
        void this.#survey();
        return;
      case "install":
        if (this.#activity === "idle") void this.#install(order.answering);
        return;
      case "roll-back":
        if (this.#activity === "idle") void this.#restore(order.author);
        return;
      case "health":
        this.#trial?.reported(order, this.#host.now());
        return;
      case "noted":
        if (order.number > this.#memory.noted) this.#keep(withNoted(this.#memory, order.number));
        return;
      default:
        unreachable(order);
    }
  }

  /** The controller serves, or the worker is there. */
  becameReady(role: Role): void {
    this.#ready.add(role);
    if (this.#ready.size === 2) this.#trial?.becameReady();
  }

  /** Of its own: not because it was told to. */
  died(role: Role, exit: string): void {
    this.#ready.delete(role);
    this.#trial?.processDied(role, exit, this.#host.now());
    this.#judge();
  }

  /** An orderly end is no failed start. */
  stopping(): void {
    const marker = this.#marker;
    if (marker === null || marker.tries === 0) return;
    try {
      writeMarker(this.#host.disk, this.#places, { ...marker, tries: marker.tries - 1 });
    } catch (error) {
      this.#host.log.warn("cannot note the end", { reason: messageOf(error) });
    }
  }

  report(): void {
    const { bad, previous, steps, noted, highestRelease, keysVersion, minRelease, seenAt } =
      this.#memory;
    const marker = this.#activity === "trial" ? this.#marker : null;
    const body: UpdateReport = {
      activity: this.#activity,
      sha256: this.#sha256,
      root_keys: this.#rootKeys,
      trial:
        marker === null
          ? null
          : {
              release: marker.release,
              version: marker.version,
              ends_in_secs: Math.max(0, Math.ceil((this.#trialEnd - this.#host.now()) / US_PER_S)),
            },
      highest_release: highestRelease,
      keys_version: keysVersion,
      min_release: minRelease,
      seen_at: seenAt,
      previous,
      ...{ bad, steps, noted },
      problem: null,
    };
    this.#host.tell(encodeUpdate(UPDATE_FRAME.report, body));
  }

  async #survey(): Promise<void> {
    if (this.#sha256 === null || this.#rootKeys.length === 0) {
      const answer = await this.#host.runUpdater({ kind: "survey" }, this.#keysFile());
      if (answer.kind === "surveyed") {
        this.#sha256 = answer.sha256;
        this.#rootKeys = answer.rootKeys;
      } else if (answer.kind === "refused") {
        this.#host.log.warn("cannot survey the program's file", { reason: answer.reason });
      }
    }
    this.report();
  }

  // --- install ---------------------------------------------------------------------------------

  async #install(answering: number): Promise<void> {
    this.#become("staging");
    const { log } = this.#host;
    const task: UpdaterTask = {
      kind: "stage",
      channel: this.#host.config().update.channel,
      memory: this.#memory,
      now: this.#host.wall(),
      selfTest: configArguments(this.#host.args),
    };
    const answer = await this.#host.runUpdater(task, this.#keysFile());
    if (answer.kind !== "staged") {
      const { reason, file } = refusalOf(answer);
      log.error("release not installed, the running one stays", { reason });
      this.#refuse(file, reason);
      return;
    }
    try {
      this.#swap(answer.staged, answering);
    } catch (error) {
      this.#abandon(answer.staged);
      this.#refuse(null, `cannot put the new file in place: ${messageOf(error)}`);
      return;
    }
    const problem = await this.#host.renewChildren();
    if (problem !== null) this.#rollBack(problem);
  }

  #swap(staged: Staged, answering: number): void {
    const { log, disk } = this.#host;
    const { release, version, sha256, before, how, octets } = staged;
    const detail = `${how === "delta" ? "delta" : "whole file"} of ${octets} octets`;
    const known = withSighting(this.#memory, staged);
    this.#keep(this.#withStep(known, { step: "staged", release, version, detail }));
    const marker: Marker = { release, version, sha256, before, tries: 0, answering };
    swapIn(disk, this.#places, marker);
    const from = `from ${before.version}`;
    this.#keep(this.#withStep(this.#memory, { step: "installed", release, version, detail: from }));
    log.info("release installed, on trial", { version, release });
    this.#isOfBefore = true;
    this.#ready.clear();
    this.#watch(marker);
    this.report();
  }

  /** A disk that fills up in the middle of a swap: what is there decides which way back it is. */
  #abandon({ sha256 }: Staged): void {
    const { disk, log } = this.#host;
    try {
      if (disk.sha256(this.#places.program) === sha256) swapBack(disk, this.#places);
      else endTrial(disk, this.#places);
    } catch (error) {
      log.error("cannot undo the swap: the next start will", { reason: messageOf(error) });
    }
  }

  /** `file`: at fault, never to be tried again. */
  #refuse(file: KnownFile | null, reason: string): void {
    const at = { now: this.#host.wall(), step: "refused" } as const;
    const nameless = { release: file?.release ?? 0, version: file?.version ?? "" };
    this.#keep(
      file === null
        ? this.#withStep(this.#memory, { step: "refused", ...nameless, detail: reason })
        : rejected(this.#memory, file, { reason, ...at }),
    );
    this.#host.disk.remove(this.#places.fresh);
    this.#become("idle");
  }

  // --- trial -----------------------------------------------------------------------------------

  #watch(marker: Marker): void {
    const length = micros(this.#host.config().update.trial_secs * US_PER_S);
    const now = this.#host.now();
    this.#marker = marker;
    this.#trial = new Trial(now, length, marker.answering);
    this.#trialEnd = now + length;
    this.#activity = "trial";
    this.#armTick();
  }

  #armTick(): void {
    this.#host.later(TICK_MS, () => {
      this.#judge();
      if (this.#trial !== null) this.#armTick();
    });
  }

  #judge(): void {
    const verdict = this.#trial?.judge(this.#host.now()) ?? { kind: "watch" };
    switch (verdict.kind) {
      case "watch":
        return;
      case "commit":
        void this.#commit();
        return;
      case "roll-back":
        this.#rollBack(verdict.reason);
        return;
      default:
        unreachable(verdict);
    }
  }

  async #commit(): Promise<void> {
    const marker = this.#marker;
    this.#trial = null;
    this.#marker = null;
    if (marker === null) return;
    const { release, version, before } = marker;
    const { disk, log } = this.#host;
    const committed = { ...this.#memory, previous: before };
    this.#keep(this.#withStep(committed, { step: "committed", release, version, detail: "" }));
    endTrial(disk, this.#places);
    log.info("release committed", { version, release });
    const always = this.#host.config().update.keep === "delta";
    if (this.#host.config().update.keep !== "file") {
      await this.#host.runUpdater({ kind: "thin", previous: before, always }, null);
    }
    // Until it has, nothing else is begun: an order would be lost with this process.
    if (this.#isOfBefore) this.#host.takeOver();
    else this.#become("idle");
  }

  #rollBack(reason: string): void {
    const marker = this.#marker;
    this.#trial = null;
    this.#marker = null;
    if (marker === null) return;
    const { version, release } = marker;
    const { disk, log } = this.#host;
    log.error("release rolled back", { version, release, reason });
    const rejection = { reason, now: this.#host.wall(), step: "rolled-back" } as const;
    this.#keep(rejected(this.#memory, marker, rejection));
    try {
      swapBack(disk, this.#places);
    } catch (error) {
      log.error("cannot put the file before back", { reason: messageOf(error) });
    }
    this.#activity = this.#isOfBefore ? "idle" : "rolling-back";
    this.#ready.clear();
    if (this.#isOfBefore) this.#host.returnChildren();
    else this.#host.takeOver();
  }

  // --- an operator's way back ------------------------------------------------------------------

  async #restore(author: string): Promise<void> {
    const { previous, minRelease } = this.#memory;
    if (previous === null) return this.#refuse(null, "nothing of the release before is kept");
    if (previous.release < minRelease) {
      const reason = `release ${previous.release} is below ${minRelease}, the least that is safe`;
      return this.#refuse(null, reason);
    }
    this.#become("rolling-back");
    const { disk, log } = this.#host;
    const answer = await this.#host.runUpdater({ kind: "restore", previous }, null);
    if (answer.kind !== "done") return this.#refuse(null, refusalOf(answer).reason);
    const { release, version } = previous;
    const running = { release: RELEASE, version: VERSION, sha256: this.#sha256 ?? "" };
    const said = this.#withStep(
      { ...this.#memory, previous: null },
      { step: "restored", release, version, detail: `by ${author}` },
    );
    this.#keep(running.sha256 === "" ? said : withBad(said, running, `taken back by ${author}`));
    const kept = disk.exists(this.#places.previous) ? this.#places.previous : this.#places.fresh;
    disk.rename(kept, this.#places.program);
    disk.remove(this.#places.wayBack);
    disk.syncFolder(this.#places.program);
    log.warn("the release before was restored", { version, release, author });
    this.#host.takeOver();
  }

  // --- memory ----------------------------------------------------------------------------------

  #withStep(memory: UpdateMemory, step: Omit<UpdateStep, "number" | "at">): UpdateMemory {
    if (isTrouble(step.step)) this.#host.log.warn("update", { step: step.step, why: step.detail });
    return withStep(memory, { ...step, at: this.#host.wall() });
  }

  /** A disk that takes nothing is no reason to stop: the marker and the files decide. */
  #keep(memory: UpdateMemory): void {
    this.#memory = memory;
    try {
      writeMemory(this.#host.disk, this.#places, memory);
    } catch (error) {
      this.#host.log.error("cannot remember the update", { reason: messageOf(error) });
    }
  }

  #become(activity: Activity): void {
    this.#activity = activity;
    this.report();
  }

  #keysFile(): string | null {
    return this.#host.config().update.keys_file;
  }
}

/** `--config FILE` of our own start, for the self-test. */
function configArguments(args: readonly string[]): readonly string[] {
  const at = args.findIndex((arg) => /^(-c|--config)$/.test(arg));
  if (at >= 0) return args.slice(at, at + 2);
  return args.filter((arg) => arg.startsWith("--config="));
}

function refusalOf(answer: UpdaterAnswer): { reason: string; file: KnownFile | null } {
  if (answer.kind === "refused") return { reason: answer.reason, file: answer.file };
  return { reason: "the updater gave another answer", file: null };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
