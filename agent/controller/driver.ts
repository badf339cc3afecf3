/**
 * The loop: collect what arrived, read the clock once, ask the engine, perform its effects in
 * order, arm one timer for the engine's next wake-up. It holds no policy; what it knows of the
 * worker is which generation and table epoch a frame must carry to count.
 */

import type { PathIndex } from "../domain/ids.ts";
import { pathIndex } from "../domain/ids.ts";
import { unreachable } from "../domain/invariant.ts";
import type { Instant } from "../domain/units.ts";
import { between, instant, US_PER_S } from "../domain/units.ts";
import type { Effect } from "../engine/effect.ts";
import type { Engine } from "../engine/engine.ts";
import type { Input } from "../engine/input.ts";
import type { Scorer } from "../scoring/scorer.ts";
import type { Burst } from "../wire/burst.ts";
import { encodeBurst } from "../wire/burst.ts";
import type { FrameHeader, WorkerAbilities, WorkerCounters } from "../wire/frame.ts";
import {
  decodeJson,
  encodeTable,
  FRAME,
  HEADER_SIZE,
  OUTCOME_SIZE,
  readHeader,
  TABLE_FLAG,
  viewOf,
} from "../wire/frame.ts";
import { encodeStampKey } from "../wire/stamp-key.ts";
import { decodeVerdicts, VERDICT } from "../wire/verdict.ts";
import type { PathObserver } from "./failover/path-observer.ts";
import type { HealthReader } from "./health-reader.ts";
import type {
  Clock,
  Disarm,
  HistoryFeed,
  Journal,
  KeyReader,
  Log,
  ProbeChannel,
  StatusChange,
  Timers,
} from "./ports.ts";
import type { ProbePlan } from "./probe-table.ts";

export interface DriverParts {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly log: Log;
  readonly scorer: Scorer;
  readonly engine: Engine;
  readonly journal: Journal;
  readonly history: HistoryFeed;
  readonly channel: ProbeChannel;
  readonly health: HealthReader;
  /** The target of this series stopped answering. */
  onTargetDead(series: number): void;
  /** Behind the observer. */
  onStatusChange(change: StatusChange): void;
  readonly keys: KeyReader;
  readonly observer: PathObserver;
}

type StatusChanged = Extract<Effect, { kind: "status-changed" }>;

/** A timer this late means that we were stopped: that span proves nothing about any path. */
const STALL_US = US_PER_S;

export class Driver {
  readonly #parts: DriverParts;
  #plan: ProbePlan | null = null;
  #epoch = 0;
  #generation = 0;
  #acknowledged = false;
  /** Asked for while the worker had no table. */
  #heldBursts: Burst[] = [];
  #abilities: WorkerAbilities | null = null;
  #counters: WorkerCounters | null = null;
  #staleFrames = 0;
  #lastIngest: Instant = instant(0);
  #armedFor: Instant | null = null;
  #disarm: Disarm = () => {};

  constructor(parts: DriverParts) {
    this.#parts = parts;
  }

  /** The worker knows the current table. */
  get acknowledged(): boolean {
    return this.#acknowledged;
  }

  /** null while no worker has reported. */
  get abilities(): WorkerAbilities | null {
    return this.#abilities;
  }

  get counters(): WorkerCounters | null {
    return this.#counters;
  }

  /** Frames of an earlier worker or table, not counted. */
  get staleFrames(): number {
    return this.#staleFrames;
  }

  get lastIngest(): Instant {
    return this.#lastIngest;
  }

  /** Probes out of turn; until the worker knows the table they wait. */
  burst(burst: Burst): void {
    if (!this.#acknowledged) {
      this.#heldBursts.push(burst);
      return;
    }
    this.#parts.channel.send(encodeBurst(this.#epoch, this.#generation, burst));
  }

  /** Takes a new table: every window starts anew. */
  applyPlan(plan: ProbePlan): void {
    const now = this.#beginEpoch(plan);
    this.#parts.scorer.configure(plan.layouts);
    this.#parts.health.directions.configure(plan);
    this.#step([{ kind: "table", paths: plan.enginePaths }], now);
    this.#sendTable();
  }

  /** The same paths with other addresses: only the windows of `moved` start anew. */
  readdress(plan: ProbePlan, moved: readonly PathIndex[]): void {
    this.#beginEpoch(plan);
    for (const path of moved) {
      // A verdict stays: another address of a dead path has to prove itself first.
      this.#parts.scorer.resetPath(path);
      this.#parts.health.directions.resetPath(path);
    }
    this.#sendTable();
  }

  #beginEpoch(plan: ProbePlan): Instant {
    const now = this.#parts.clock.monotonic();
    this.#plan = plan;
    this.#acknowledged = false;
    this.#heldBursts = [];
    // Differs from the epoch of an earlier controller whose outcomes may still lie in the channel.
    this.#epoch = Math.max(this.#epoch + 1, Math.floor(now / 1_000)) >>> 0;
    return now;
  }

  /** A worker of this generation is there; 0: it is gone. */
  peerChanged(generation: number): void {
    this.#generation = generation;
    this.#acknowledged = false;
    if (generation === 0) this.#loseWorker();
    else this.#sendTable();
    this.#parts.observer.peerChanged(generation);
  }

  /** A frame from the worker; the bytes are read during the call only. */
  receive(frame: Uint8Array): void {
    const header = readHeader(frame);
    if (header === null || header.generation !== this.#generation) {
      this.#staleFrames++;
      return;
    }
    switch (header.type) {
      case FRAME.outcomes:
        this.#ingest(header, frame);
        return;
      case FRAME.tableAck:
        this.#acknowledged = header.aux === this.#epoch;
        if (this.#acknowledged) for (const burst of this.#heldBursts.splice(0)) this.burst(burst);
        return;
      case FRAME.abilities:
        this.#takeAbilities(decodeJson(frame));
        return;
      case FRAME.counters:
        // Both ends are this program, of one version: the shape is wire/frame.ts's.
        this.#counters = decodeJson(frame) as WorkerCounters;
        return;
      case FRAME.verdict:
        this.#takeVerdicts(header, frame);
        return;
      case FRAME.stall:
        this.#takeStall(frame);
        return;
      default:
        if (!this.#parts.observer.frame(frame, header)) this.#staleFrames++;
    }
  }

  stop(): void {
    this.#disarm();
    this.#parts.journal.close();
  }

  #sendTable(): void {
    if (this.#plan === null || this.#generation === 0) return;
    this.#sendKeys(this.#plan.keyFiles);
    // A worker that takes the table over must not believe in a path that was judged before.
    const rows = this.#plan.rows.map((row) =>
      this.#parts.engine.isHardDown(row.path)
        ? { ...row, flags: row.flags | TABLE_FLAG.hardDown }
        : row,
    );
    for (const frame of encodeTable(this.#epoch, this.#generation, rows)) {
      this.#parts.channel.send(frame);
    }
  }

  /** A key that cannot be read is not sent: the worker does not probe its targets then. */
  #sendKeys(files: readonly string[]): void {
    const { channel, keys } = this.#parts;
    for (const [i, file] of files.entries()) {
      const key = keys(file);
      if (key === null) continue;
      channel.send(encodeStampKey(this.#epoch, this.#generation, i + 1, key));
    }
  }

  #ingest(header: FrameHeader, frame: Uint8Array): void {
    const end = HEADER_SIZE + header.count * OUTCOME_SIZE;
    if (header.aux !== this.#epoch || end > frame.byteLength) {
      this.#staleFrames++;
      return;
    }
    const { scorer, clock, health } = this.#parts;
    const records = frame.subarray(HEADER_SIZE, end);
    const count = scorer.ingest(records);
    health.directions.ingest(records);
    this.#lastIngest = clock.monotonic();
    this.#step([{ kind: "ingested", paths: scorer.touchedPaths, count }], this.#lastIngest);
    this.#parts.observer.ingested(records, scorer.touchedPaths, count);
  }

  #loseWorker(): void {
    const { scorer, clock } = this.#parts;
    for (let path = 0; path < scorer.pathCount; path++) scorer.setHardDown(pathIndex(path), false);
    this.#step([{ kind: "worker-lost" }], clock.monotonic());
  }

  #takeVerdicts(header: FrameHeader, frame: Uint8Array): void {
    const records = header.aux === this.#epoch ? decodeVerdicts(frame, header) : null;
    if (records === null) {
      this.#staleFrames++;
      return;
    }
    const now = this.#parts.clock.monotonic();
    for (const { kind, index } of records) {
      if (kind === VERDICT.down) this.#judge(pathIndex(index), true, now);
      if (kind === VERDICT.up) this.#judge(pathIndex(index), false, now);
      if (kind === VERDICT.targetDead) this.#parts.onTargetDead(index);
      this.#parts.observer.verdict(kind, index);
    }
  }

  /** Lifted, the window starts anew: what it holds is of the time before. */
  #judge(path: PathIndex, isDown: boolean, now: Instant): void {
    const { scorer } = this.#parts;
    if (path >= scorer.pathCount) return;
    scorer.setHardDown(path, isDown);
    if (!isDown) scorer.resetPath(path);
    this.#step([{ kind: "verdict", path, isDown }], now);
  }

  #takeAbilities(body: unknown): void {
    const abilities = body as WorkerAbilities;
    this.#abilities = abilities;
    this.#parts.log.info("probe sockets", {
      icmp4: abilities.icmp4,
      icmp6: abilities.icmp6,
      udp4: abilities.udp4,
      udp6: abilities.udp6,
      stamps: abilities.stamps,
    });
    for (const problem of abilities.problems) this.#parts.log.warn(problem);
  }

  #takeStall(frame: Uint8Array): void {
    if (frame.byteLength < HEADER_SIZE + 16) return;
    const view = viewOf(frame);
    const from = instant(view.getFloat64(HEADER_SIZE, true));
    const to = instant(view.getFloat64(HEADER_SIZE + 8, true));
    this.#parts.log.warn("probing was stalled, the span counts for nothing", {
      ms: Math.round(between(from, to) / 1_000),
    });
    this.#step([{ kind: "stalled", from, to }], this.#parts.clock.monotonic());
  }

  #step(inputs: readonly Input[], now: Instant): void {
    const all = [...this.#ownStall(now), ...inputs];
    for (const input of all) {
      if (input.kind !== "stalled") continue;
      this.#parts.history.voidSpan(input.from, input.to);
      this.#parts.observer.stalled(input.from, input.to);
    }
    for (const effect of this.#parts.engine.handle(all, now)) this.#perform(effect);
    this.#arm();
  }

  /**
   * Were we stopped ourselves? A timer that should have fired long ago says so, whatever woke us
   * first: after a stop the frames that waited in the channel come before the timer.
   */
  #ownStall(now: Instant): Input[] {
    const planned = this.#armedFor;
    if (planned === null || between(planned, now) <= STALL_US) return [];
    return [{ kind: "stalled", from: planned, to: now }];
  }

  #arm(): void {
    const next = this.#parts.engine.nextWakeup();
    if (next === this.#armedFor) return;
    this.#disarm();
    this.#armedFor = next;
    this.#disarm = next === null ? () => {} : this.#parts.timers.arm(next, () => this.#wake());
  }

  #wake(): void {
    const now = this.#parts.clock.monotonic();
    const stall = this.#ownStall(now);
    this.#armedFor = null;
    this.#step(stall, now);
  }

  #perform(effect: Effect): void {
    const { health, journal } = this.#parts;
    switch (effect.kind) {
      case "status-changed":
        this.#parts.history.changeStatus(effect.path, effect.to);
        this.#logStatus(effect);
        this.#parts.observer.statusChanged(effect.path);
        this.#tellStatus(effect);
        return;
      case "sample-check": {
        const row = health.row(effect.path);
        if (row !== null) this.#parts.history.takeCheck(effect.path, row);
        return;
      }
      case "record-check": {
        const row = health.row(effect.path);
        if (row !== null) journal.recordCheck(row);
        return;
      }
      case "flush-journal":
        this.#parts.history.requestFlush();
        return;
      default:
        unreachable(effect);
    }
  }

  #tellStatus({ path, from, to, cause }: StatusChanged): void {
    const { health, onStatusChange } = this.#parts;
    const score = health.row(path)?.health_score ?? null;
    const id = health.idOf(path);
    if (id !== null) onStatusChange({ path: id, from, to, cause, score });
  }

  #logStatus(effect: StatusChanged): void {
    const { health, log } = this.#parts;
    const fields = health.logFields(effect.path as PathIndex);
    const line = { ...fields, from: effect.from, cause: effect.cause };
    if (effect.to === "up" || effect.to === "unknown") log.info("path status changed", line);
    else log.warn("path status changed", line);
  }
}
