/**
 * The reflector of this process: opens what it is told to listen on, says what it cannot, and tries
 * that again (an address may come with the next lease). A new order replaces the old one whole.
 */

import { parsePrefix } from "../../domain/prefix.ts";
import type { ReflectorCounters, ReflectorOrder } from "../../domain/reflector.ts";
import { US_PER_S } from "../../domain/units.ts";
import { ClockQuality } from "../clock-quality.ts";
import { closeFd, realtimeNow } from "../libc.ts";
import type { Watch } from "../probe-loop.ts";
import { randomWords } from "../tokens.ts";
import { AllowList } from "./allow-list.ts";
import type { Listener } from "./open.ts";
import { openListener } from "./open.ts";
import { RateLimiter } from "./rate-limiter.ts";
import { Reflection } from "./reflection.ts";
import type { ReflectorCounts, ReflectorParts } from "./reflector.ts";
import { Reflector, reflectorBlock } from "./reflector.ts";
import { SessionTable } from "./session-table.ts";

type WatchFd = (fd: number, onReady: () => void) => Watch;

/** An open listener and its place in the loop's sleep. */
interface Place {
  readonly text: string;
  readonly fd: number;
  readonly watch: Watch;
}

export class ReflectorListeners {
  readonly #watchFd: WatchFd;
  readonly #randomWord = randomWords();
  readonly #quality = new ClockQuality();
  readonly #counts: ReflectorCounts = {
    received: 0,
    reflected: 0,
    refused: 0,
    limited: 0,
    malformed: 0,
    unauthenticated: 0,
    unsent: 0,
  };
  #order: ReflectorOrder | null = null;
  #parts: ReflectorParts | null = null;
  #places: Place[] = [];
  /** Problem by listen address; the others are open. */
  #problems = new Map<string, string>();
  #changes = 0;

  constructor(watchFd: WatchFd) {
    this.#watchFd = watchFd;
  }

  /** null: no reflector. The same order again changes nothing: its sessions go on. */
  obey(order: ReflectorOrder | null): void {
    if (JSON.stringify(order) === JSON.stringify(this.#order)) return;
    this.close();
    this.#order = order;
    this.#parts = order === null ? null : this.#partsOf(order);
    this.#openMissing();
  }

  /** Tries again what could not be opened. */
  retry(): void {
    if (this.#problems.size > 0) this.#openMissing();
  }

  /** Sentences for the operator. */
  get problems(): readonly string[] {
    return [...this.#problems.values()];
  }

  /** Grows whenever `problems` may have changed. */
  get changes(): number {
    return this.#changes;
  }

  /** null: no reflector is configured. */
  get counters(): ReflectorCounters | null {
    return this.#order === null ? null : { ...this.#counts };
  }

  close(): void {
    for (const { fd, watch } of this.#places) {
      watch.fd = -1;
      closeFd(fd);
    }
    this.#places = [];
    this.#problems.clear();
    this.#changes++;
  }

  #openMissing(): void {
    for (const text of this.#order?.config.listen ?? []) {
      if (this.#places.some((place) => place.text === text)) continue;
      const result = openListener(text);
      this.#changes++;
      if (result.kind === "failed") {
        this.#problems.set(text, result.problem);
        continue;
      }
      this.#problems.delete(text);
      this.#serve(text, result.listener);
    }
  }

  #serve(text: string, listener: Listener): void {
    if (this.#parts === null) return;
    const isStateful = this.#order?.config.stateful === true;
    const sessions = isStateful ? new SessionTable(this.#randomWord()) : null;
    const reflector = new Reflector(listener, this.#parts, sessions);
    const watch = this.#watchFd(listener.fd, () => reflector.answer());
    this.#places.push({ text, fd: listener.fd, watch });
  }

  #partsOf({ config, key }: ReflectorOrder): ReflectorParts {
    const block = reflectorBlock();
    const baseSeconds = Math.floor(realtimeNow() / US_PER_S);
    return {
      block,
      reflection: new Reflection({
        memory: block.bytes,
        baseSeconds,
        key: key === null ? null : Uint8Array.fromHex(key),
      }),
      allow: new AllowList(config.allow.flatMap((text) => parsePrefix(text) ?? [])),
      limiter: new RateLimiter({ rate: config.rate, burst: Math.max(1, config.rate / 2) }),
      counts: this.#counts,
      baseSeconds,
      seed: this.#randomWord(),
      estimateAt: (nowUs) => this.#quality.estimate(nowUs),
    };
  }
}
