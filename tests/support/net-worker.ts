/** A worker process asked about routes only: the test is its controller. */

import { decodeJson, encodeBody, FRAME, HEADER_SIZE } from "../../agent/wire/frame.ts";
import type {
  LinkChange,
  NetOrder,
  NetState,
  NetWatch,
  OrderOutcome,
} from "../../agent/wire/net-frames.ts";
import { readLinkChange, readNetState, readOrderOutcome } from "../../agent/wire/net-frames.ts";
import { netJson } from "../../agent/wire/net-json.ts";
import type { Received } from "./worker-process.ts";
import { WorkerProcess } from "./worker-process.ts";

export class NetWorker {
  readonly worker: WorkerProcess;
  #number = 0;

  constructor(prefix: readonly string[]) {
    this.worker = new WorkerProcess({ prefix });
  }

  async watch(watch: Partial<NetWatch>): Promise<NetState> {
    const whole = { devices: [], activeDevices: [], learnTables: [254], ...watch };
    this.#send(FRAME.netWatch, netJson(whole), 0);
    await this.worker.until("a state", () => this.states().length > 0);
    return this.report();
  }

  async order(order: NetOrder): Promise<OrderOutcome> {
    return this.raw(netJson(order));
  }

  /** For bodies that are no orders. */
  async raw(body: string): Promise<OrderOutcome> {
    const number = ++this.#number;
    this.#send(FRAME.netOrder, body, number);
    const answer = () =>
      this.worker.ofType(FRAME.orderOutcome).find(({ header }) => header.aux === number);
    await this.worker.until("an outcome", () => answer() !== undefined);
    const outcome = readOrderOutcome(decodeJson(answer()?.bytes ?? new Uint8Array(0)));
    this.worker.dataFrames.splice(0, this.#kept());
    if (outcome === null) throw new Error(`order ${number}: cannot read the outcome`);
    return outcome;
  }

  /** The order's time from receipt to verification, us; throws when it was rejected. */
  async done(order: NetOrder): Promise<number> {
    const outcome = await this.order(order);
    if (outcome.kind === "done") return outcome.durationUs;
    throw new Error(`${order.kind}: ${outcome.reason}: ${outcome.words}`);
  }

  async report(): Promise<NetState> {
    await this.done({ kind: "report" });
    const state = this.states().at(-1);
    if (state === undefined) throw new Error("no state");
    return state;
  }

  /** Complete ones, oldest first. */
  states(): NetState[] {
    this.worker.read();
    const states: NetState[] = [];
    let parts: Received[] = [];
    for (const frame of this.worker.ofType(FRAME.netState)) {
      parts.push(frame);
      if (parts.length < frame.header.aux2 >>> 16) continue;
      const state = readNetState(JSON.parse(parts.map(textOf).join("")));
      if (state === null) throw new Error("cannot read the state");
      states.push(state);
      parts = [];
    }
    return states;
  }

  changes(): LinkChange[] {
    this.worker.read();
    return this.worker
      .ofType(FRAME.linkChange)
      .map(({ bytes }) => readLinkChange(decodeJson(bytes)))
      .filter((change) => change !== null);
  }

  /** The first change of the device after a moment; throws after 5 s. */
  async change(device: string, afterUs: number): Promise<LinkChange> {
    const found = () => this.changes().find((one) => one.device === device && one.atUs >= afterUs);
    await this.worker.until(`a change of ${device}`, () => found() !== undefined);
    const change = found();
    if (change === undefined) throw new Error("no change");
    return change;
  }

  #send(type: typeof FRAME.netOrder | typeof FRAME.netWatch, body: string, aux: number): void {
    this.worker.sendData(encodeBody(type, this.worker.generation, body, { aux, aux2: 0 }));
  }

  /** Only the newest frames are of interest: the search above stays short. */
  #kept(): number {
    return Math.max(0, this.worker.dataFrames.length - FRAMES_KEPT);
  }
}

const FRAMES_KEPT = 64;

function textOf({ bytes }: Received): string {
  return new TextDecoder().decode(bytes.subarray(HEADER_SIZE));
}
