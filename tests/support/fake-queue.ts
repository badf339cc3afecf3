/** A queue on fake time: a store in memory that can fail, a receiver that answers by script. */

import type {
  DeadLetter,
  Delivery,
  Destination,
  QueueEntry,
  QueueStore,
  StoreAnswer,
  StoredEntry,
  Taken,
} from "../../agent/controller/queue/ports.ts";
import { OutboundQueue } from "../../agent/controller/queue/queue.ts";
import { unixMillis } from "../../agent/domain/units.ts";
import { FakeClock } from "./fake-clock.ts";
import { FakeLog } from "./fake-log.ts";

export const WALL0 = 1_700_000_000_000;

export function entry(n: number, overrides: Partial<QueueEntry> = {}): QueueEntry {
  return {
    kind: "metrics",
    id: `c${n}`,
    createdAt: unixMillis(WALL0 + n * 1_000),
    body: new Uint8Array(100).fill(n),
    contentType: "application/x-protobuf",
    expiresAt: null,
    ...overrides,
  };
}

type Row = StoredEntry & { readonly destination: string };

export class FakeStore implements QueueStore {
  rows: Row[] = [];
  letters: readonly DeadLetter[] = [];
  inserts = 0;
  deletes = 0;
  shrinks = 0;
  letterWrites = 0;
  closed = false;
  readonly holds = new Map<string, number>();
  /** null: works. */
  fault: { readonly reason: string; readonly lost: boolean } | null = null;
  #seq = 0;

  lane(destination: string) {
    const mine = this.#mine(destination, 0);
    const bytes = mine.reduce((sum, { body }) => sum + body.byteLength, 0);
    const notBefore = this.holds.get(destination) ?? 0;
    return this.#answer(() => ({ count: mine.length, bytes, notBefore }));
  }

  insert(destination: string, entries: readonly QueueEntry[]) {
    return this.#answer(() => {
      this.inserts++;
      return entries.map((one) => {
        this.rows.push({ ...one, destination, seq: ++this.#seq });
        return this.#seq;
      });
    });
  }

  after(destination: string, seq: number) {
    return this.#answer<StoredEntry | null>(() => this.#mine(destination, seq)[0] ?? null);
  }

  oldest(destination: string, seq: number) {
    return this.#answer(() => this.#mine(destination, seq)[0]?.createdAt ?? null);
  }

  has(destination: string, id: string) {
    return this.#answer(() => this.#mine(destination, 0).some((row) => row.id === id));
  }

  removeThrough(destination: string, seq: number) {
    return this.#answer(() => {
      this.deletes++;
      this.rows = this.rows.filter((row) => row.destination !== destination || row.seq > seq);
      return null;
    });
  }

  removeOldest(destination: string, seq: number, bytes: number) {
    return this.#answer(() => {
      const gone: Row[] = [];
      for (const row of this.#mine(destination, seq)) {
        if (gone.reduce((sum, { body }) => sum + body.byteLength, 0) < bytes) gone.push(row);
      }
      this.rows = this.rows.filter((row) => !gone.includes(row));
      return { count: gone.length, bytes: gone.reduce((sum, row) => sum + row.body.byteLength, 0) };
    });
  }

  holdUntil(destination: string, notBefore: number) {
    return this.#answer(() => {
      this.holds.set(destination, notBefore);
      return null;
    });
  }

  removeOthers(destinations: readonly string[]) {
    return this.#answer<Taken>(() => {
      const gone = this.rows.filter(({ destination }) => !destinations.includes(destination));
      this.rows = this.rows.filter((row) => !gone.includes(row));
      return { count: gone.length, bytes: 0 };
    });
  }

  deadLetters() {
    return this.#answer(() => this.letters);
  }

  keepDeadLetters(letters: readonly DeadLetter[]) {
    return this.#answer(() => {
      this.letterWrites++;
      this.letters = letters;
      return null;
    });
  }

  shrink(): void {
    this.shrinks++;
  }

  close(): void {
    this.closed = true;
  }

  get ids(): string[] {
    return this.rows.map(({ id }) => id);
  }

  #mine(destination: string, seq: number): Row[] {
    return this.rows.filter((row) => row.destination === destination && row.seq > seq);
  }

  #answer<T>(step: () => T): StoreAnswer<T> {
    if (this.fault === null) return { kind: "ok", value: step() };
    if (this.fault.lost) {
      this.rows = [];
      this.#seq = 0;
      const { reason } = this.fault;
      this.fault = null;
      return { kind: "fault", reason, lost: true };
    }
    return { kind: "fault", ...this.fault };
  }
}

/** Answers what the test says; without an answer the attempt hangs until `settle`. */
export class FakeReceiver {
  readonly seen: string[] = [];
  /** Milliseconds since WALL0 of each attempt. */
  readonly at: number[] = [];
  readonly aborted: string[] = [];
  answer: Delivery | null = { kind: "delivered" };
  readonly #clock: FakeClock;
  #waiting: ((delivery: Delivery) => void)[] = [];

  constructor(clock: FakeClock) {
    this.#clock = clock;
  }

  readonly send = (one: QueueEntry, signal: AbortSignal): Promise<Delivery> => {
    this.seen.push(one.id);
    this.at.push(this.#clock.wall() - WALL0);
    signal.addEventListener("abort", () => this.aborted.push(one.id));
    if (this.answer !== null) return Promise.resolve(this.answer);
    return new Promise((resolve) => this.#waiting.push(resolve));
  };

  /** Answers every attempt that hangs. */
  settle(delivery: Delivery): void {
    for (const resolve of this.#waiting.splice(0)) resolve(delivery);
  }
}

export interface QueueWorld {
  readonly clock: FakeClock;
  readonly log: FakeLog;
  readonly store: FakeStore;
  readonly receiver: FakeReceiver;
  readonly queue: OutboundQueue;
  /** Fake milliseconds in small steps; promises run between them. */
  run(ms: number): Promise<void>;
}

export interface WorldOptions {
  readonly store?: FakeStore;
  readonly destination?: Partial<Destination>;
  /** Default 0.5. */
  readonly random?: () => number;
  readonly isClockTrusted?: () => boolean;
}

export const LIMITS = { maxBytes: 10_000, maxAgeMs: 3_600_000, replayPerSec: 10 };

export function queueWorld(options: WorldOptions = {}): QueueWorld {
  const clock = new FakeClock(1_000_000, WALL0);
  const log = new FakeLog();
  const store = options.store ?? new FakeStore();
  const receiver = new FakeReceiver(clock);
  const queue = new OutboundQueue({
    clock,
    timers: clock,
    log,
    store,
    random: options.random ?? (() => 0.5),
    isClockTrusted: options.isClockTrusted ?? (() => true),
  });
  queue.open({ name: "a", send: receiver.send, limits: LIMITS, ...options.destination });
  return { clock, log, store, receiver, queue, run: (ms) => runFor(clock, ms) };
}

/** Settles promises, then lets 50 ms pass, until `ms` are over. */
export async function runFor(clock: FakeClock, ms: number): Promise<void> {
  await turns();
  for (let left = ms; left > 0; left -= 50) {
    clock.advance(Math.min(50, left));
    await turns();
  }
}

async function turns(): Promise<void> {
  for (let i = 0; i < 200; i++) await Promise.resolve();
}
