/** A worker process between two socket pairs, with the test as supervisor and controller. */

import { join } from "node:path";
import type { Subprocess } from "bun";
import type { FrameHeader, TableRow } from "../../agent/wire/frame.ts";
import {
  encodeTable,
  FRAME,
  HEADER_SIZE,
  OUTCOME_AT,
  OUTCOME_SIZE,
  readHeader,
  viewOf,
} from "../../agent/wire/frame.ts";
import { closeFd, packetPair, receiveBytes, sendBytes } from "../../agent/worker/libc.ts";

const MAIN = join(import.meta.dir, "../../agent/main.ts");
const MSG_DONTWAIT = 0x40;

export interface Received {
  readonly header: FrameHeader;
  readonly bytes: Uint8Array;
}

export interface WorkerStart {
  /** Command before the program. */
  readonly prefix?: readonly string[];
  readonly generation?: number;
  readonly parentPid?: number;
  readonly extra?: readonly string[];
  /** The program; the default is the source tree's. */
  readonly command?: readonly string[];
}

function pair(): readonly [number, number] {
  const made = packetPair();
  if (made.kind === "failed") throw new Error(`cannot make a pair: errno ${made.errno}`);
  return made.ends;
}

export class WorkerProcess {
  readonly process: Subprocess;
  readonly generation: number;
  readonly #control: number;
  readonly #data: number;
  readonly #inbox = new Uint8Array(64 * 1024);
  readonly controlFrames: Received[] = [];
  readonly dataFrames: Received[] = [];

  constructor(start: WorkerStart = {}) {
    const [control, controlEnd] = pair();
    const [data, dataEnd] = pair();
    this.generation = start.generation ?? 7;
    const command = [...(start.command ?? [process.execPath, MAIN]), "worker"];
    const identity = [String(start.parentPid ?? process.pid), String(this.generation)];
    this.process = Bun.spawn(
      [...(start.prefix ?? []), ...command, ...identity, ...(start.extra ?? [])],
      { stdio: ["ignore", "inherit", "inherit", controlEnd, dataEnd] },
    );
    closeFd(controlEnd);
    closeFd(dataEnd);
    this.#control = control;
    this.#data = data;
  }

  /** Reads both pairs until `isDone` answers true; throws after `withinMs`. */
  async until(what: string, isDone: () => boolean, withinMs = 5_000): Promise<void> {
    for (let waited = 0; waited < withinMs; waited += 2) {
      this.read();
      if (isDone()) return;
      await Bun.sleep(2);
    }
    throw new Error(`${what}: not within ${withinMs} ms`);
  }

  read(): void {
    drain(this.#control, this.#inbox, this.controlFrames);
    drain(this.#data, this.#inbox, this.dataFrames);
  }

  ofType(type: number): Received[] {
    return [...this.controlFrames, ...this.dataFrames].filter(({ header }) => header.type === type);
  }

  async hello(): Promise<void> {
    await this.until("hello", () => this.ofType(FRAME.hello).length > 0);
  }

  sendControl(frame: Uint8Array): void {
    sendBytes(this.#control, frame, 0);
  }

  sendData(frame: Uint8Array): void {
    sendBytes(this.#data, frame, 0);
  }

  /** Sends a table and waits for its ack. */
  async table(epoch: number, rows: readonly TableRow[]): Promise<void> {
    for (const frame of encodeTable(epoch, this.generation, rows)) this.sendData(frame);
    await this.until("ack", () =>
      this.ofType(FRAME.tableAck).some(({ header }) => header.aux === epoch),
    );
  }

  /** Kind codes of the outcomes received so far of one table. */
  outcomeKinds(epoch: number): number[] {
    return this.ofType(FRAME.outcomes)
      .filter(({ header }) => header.aux === epoch)
      .flatMap(({ header, bytes }) =>
        Array.from({ length: header.count }, (_, i) =>
          viewOf(bytes).getUint8(HEADER_SIZE + i * OUTCOME_SIZE + OUTCOME_AT.kind),
        ),
      );
  }

  closeControl(): void {
    closeFd(this.#control);
  }

  async sweep(): Promise<void> {
    if (this.process.exitCode === null) this.process.kill("SIGKILL");
    await this.process.exited;
    closeFd(this.#data);
  }
}

function drain(fd: number, inbox: Uint8Array, into: Received[]): void {
  for (;;) {
    const octets = receiveBytes(fd, inbox, MSG_DONTWAIT);
    if (octets <= 0) return;
    const bytes = inbox.slice(0, octets);
    const header = readHeader(bytes);
    if (header !== null) into.push({ header, bytes });
  }
}
