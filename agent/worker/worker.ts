/**
 * The worker process between its two socket pairs: tables in, outcomes out, pings answered, all in
 * the same sleep as the probes. It never waits for anybody: a silent controller fills a bounded
 * queue, a dead supervisor is EOF and the end.
 */

import type { ReflectorOrder } from "../domain/reflector.ts";
import { VERSION } from "../domain/version.ts";
import { decodeBurst } from "../wire/burst.ts";
import type { FrameHeader, Hello, Progress, WorkerAbilities } from "../wire/frame.ts";
import {
  decodeJson,
  encodeJson,
  encodeSignal,
  FRAME,
  FRAME_MAX,
  HEADER_SIZE,
  readHeader,
  viewOf,
  writeHeader,
} from "../wire/frame.ts";
import { StampKeys } from "../wire/stamp-key.ts";
import type { VerdictRecord } from "../wire/verdict.ts";
import { encodeVerdict } from "../wire/verdict.ts";
import type { EchoResponder } from "./echo.ts";
import { FrameQueue } from "./frame-queue.ts";
import { ERRNO, POLLIN, POLLOUT } from "./kernel.ts";
import { MSG_DONTWAIT, MSG_NOSIGNAL, monotonicNow, receiveBytes, sendBytes } from "./libc.ts";
import { Network } from "./netlink/network.ts";
import { OutcomeFrame } from "./outcome-frame.ts";
import type { Watch } from "./probe-loop.ts";
import { ProbeLoop } from "./probe-loop.ts";
import { ReflectorListeners } from "./reflector/listeners.ts";
import { TableAssembly } from "./table-assembly.ts";
import { TextPages } from "./text-pages.ts";

export interface WorkerOptions {
  /** Descriptors of the control and of the data pair. */
  readonly control: number;
  readonly data: number;
  readonly generation: number;
  readonly seed: number;
  readonly pid: number;
  readonly echo: EchoResponder | null;
}

const SEND_FLAGS = MSG_DONTWAIT | MSG_NOSIGNAL;
/** Frames read per wake-up, so that a flood of them cannot keep us from probing. */
const READS_MAX = 64;

export class Worker {
  readonly #options: WorkerOptions;
  readonly #inbox = new Uint8Array(FRAME_MAX);
  readonly #queue: FrameQueue;
  readonly #outcomes: OutcomeFrame;
  readonly #assembly = new TableAssembly();
  readonly #keys = new StampKeys();
  readonly #loop: ProbeLoop;
  readonly #data: Watch;
  readonly #reflector: ReflectorListeners;
  readonly #network: Network;
  readonly #textPages = new TextPages();
  #knownAbilities = "";
  #knownChanges = "";
  #isStopped = false;

  constructor(options: WorkerOptions) {
    const { control, data, generation, seed, echo } = options;
    this.#options = options;
    this.#queue = new FrameQueue((frame, octets) => sendBytes(data, frame, SEND_FLAGS, octets));
    this.#outcomes = new OutcomeFrame(generation, (frame, octets, records) =>
      this.#queue.push(frame, octets, records),
    );
    this.#loop = new ProbeLoop({
      seed,
      isLazy: true,
      sink: {
        record: (outcome) => this.#outcomes.record(outcome),
        verdict: (kind, index, sinceUs, atUs) => this.#tellVerdict({ kind, index, sinceUs, atUs }),
        stalled: (fromUs, toUs) => this.#queue.push(stallFrame(generation, fromUs, toUs)),
      },
    });
    this.#loop.watch(control, () => this.#readControl());
    this.#data = this.#loop.watch(data, (revents) => this.#serveData(revents));
    this.#network = new Network({
      generation,
      push: (frame) => this.#queue.push(frame),
      watch: (fd, onReady) => void this.#loop.watch(fd, onReady),
    });
    if (echo !== null) this.#loop.watch(echo.fd, () => echo.answer());
    this.#reflector = new ReflectorListeners((fd, onReady) => this.#loop.watch(fd, onReady));
  }

  /** Until stop or EOF on the control pair. */
  run(): void {
    const { generation, pid } = this.#options;
    const hello: Hello = { role: "worker", pid, version: VERSION };
    this.#sendControl(encodeJson(FRAME.hello, generation, hello));
    let waitUs = Number.POSITIVE_INFINITY;
    while (!this.#isStopped) {
      this.#tellAbilities();
      this.#data.events = this.#queue.isWaiting ? POLLIN | POLLOUT : POLLIN;
      const nowUs = this.#loop.turn(waitUs);
      this.#outcomes.offer(nowUs);
      this.#network.tick(nowUs);
      waitUs = Math.min(this.#outcomes.waitUs(nowUs), this.#network.waitUs(nowUs));
    }
    this.#network.close();
    this.#loop.close();
  }

  #readControl(): void {
    this.#readAll(this.#options.control, (frame, header) => {
      if (header.type === FRAME.stop) this.#isStopped = true;
      if (header.type === FRAME.ping) this.#answerPing(header.aux);
      if (header.type === FRAME.reflector) this.#obeyReflector(frame);
    });
  }

  #serveData(revents: number): void {
    if ((revents & POLLOUT) !== 0) this.#queue.drain();
    if ((revents & POLLIN) === 0) return;
    this.#readAll(this.#options.data, (frame, header) => {
      if (header.generation !== this.#options.generation) return;
      if (header.type === FRAME.stampKey) this.#keys.take(frame, header);
      if (header.type === FRAME.burst) this.#takeBurst(frame, header);
      if (header.type === FRAME.table) this.#takeTable(frame, header);
      else this.#network.take(frame, header);
    });
  }

  #readAll(fd: number, take: (frame: Uint8Array, header: FrameHeader) => void): void {
    for (let reads = 0; reads < READS_MAX; reads++) {
      const octets = receiveBytes(fd, this.#inbox, MSG_DONTWAIT);
      if (octets === -ERRNO.EAGAIN || octets === -ERRNO.EINTR) return;
      if (octets <= 0) {
        // The data pair never ends (the supervisor holds both ends); the control pair is our life.
        this.#isStopped ||= fd === this.#options.control;
        return;
      }
      const frame = this.#inbox.subarray(0, octets);
      const header = readHeader(frame);
      if (header !== null) take(frame, header);
    }
  }

  #obeyReflector(frame: Uint8Array): void {
    // Both ends are this program, of one version: the shape is wire/frame.ts's.
    this.#reflector.obey(decodeJson(frame) as ReflectorOrder | null);
  }

  #answerPing(sequence: number): void {
    const { generation } = this.#options;
    this.#reflector.retry();
    this.#textPages.look(monotonicNow());
    const progress: Progress = {
      last_work_us: this.#loop.lastSendUs,
      lag_us: this.#loop.takeLagUs(),
    };
    this.#sendControl(encodeJson(FRAME.pong, generation, progress, sequence));
    this.#queue.push(encodeJson(FRAME.counters, generation, this.#counters()));
  }

  #counters() {
    const { held, dropped } = this.#queue;
    const { counters: reflector } = this.#reflector;
    return { ...this.#loop.counters(), frames_held: held, records_dropped: dropped, reflector };
  }

  #takeTable(frame: Uint8Array, header: FrameHeader): void {
    const table = this.#assembly.take(frame, header);
    if (table === null) return;
    this.#loop.setTable(table.rows, this.#keys.of(table.epoch));
    this.#outcomes.setTable(table.epoch, this.#loop.calmHoldUs);
    const ack = encodeSignal(FRAME.tableAck, this.#options.generation, table.epoch);
    viewOf(ack).setUint32(12, table.rows.length, true);
    this.#queue.push(ack);
  }

  #takeBurst(frame: Uint8Array, header: FrameHeader): void {
    const burst = header.aux === this.#outcomes.epoch ? decodeBurst(frame, header) : null;
    if (burst !== null) this.#loop.burst(burst);
  }

  /** Behind the outcomes that led to it, and without their delay. */
  #tellVerdict(record: VerdictRecord): void {
    this.#outcomes.flush();
    this.#queue.push(encodeVerdict(this.#outcomes.epoch, this.#options.generation, record));
  }

  #tellAbilities(): void {
    const changes = `${this.#loop.abilityChanges}/${this.#reflector.changes}`;
    if (changes === this.#knownChanges) return;
    this.#knownChanges = changes;
    const probing = this.#loop.abilities();
    const problems = [...probing.problems, ...this.#reflector.problems];
    const abilities: WorkerAbilities = { ...probing, problems };
    const text = JSON.stringify(abilities);
    if (text === this.#knownAbilities) return;
    this.#knownAbilities = text;
    this.#queue.push(encodeJson(FRAME.abilities, this.#options.generation, abilities));
  }

  #sendControl(frame: Uint8Array): void {
    sendBytes(this.#options.control, frame, SEND_FLAGS);
  }
}

function stallFrame(generation: number, fromUs: number, toUs: number): Uint8Array {
  const frame = new Uint8Array(HEADER_SIZE + 16);
  const view = viewOf(frame);
  writeHeader(view, { type: FRAME.stall, flags: 0, generation, count: 1, aux: 0, aux2: 0 });
  view.setFloat64(HEADER_SIZE, fromUs, true);
  view.setFloat64(HEADER_SIZE + 8, toUs, true);
  return frame;
}
