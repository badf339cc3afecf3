/**
 * A reflector inside this process on a port of its own, and clients that ask it. `ask` sends and
 * lets it work until the answer is there; what it does not answer costs one short wait.
 */

import type { Socket } from "node:dgram";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import type { ReflectorOrder } from "../../agent/domain/reflector.ts";
import type { Watch } from "../../agent/worker/probe-loop.ts";
import { ReflectorListeners } from "../../agent/worker/reflector/listeners.ts";

export type OrderChanges = Partial<ReflectorOrder["config"]> & { readonly key?: string };

export function reflectorOrder(listen: string, changes: OrderChanges = {}): ReflectorOrder {
  const { key = null, ...config } = changes;
  const base = { listen: [listen], allow: [], key_file: null, stateful: false, rate: 1_000 };
  return { config: { ...base, ...config }, key };
}

export class ReflectorRun {
  readonly listeners: ReflectorListeners;
  readonly #answers: (() => void)[] = [];
  readonly watches: Watch[] = [];

  constructor(order: ReflectorOrder | null) {
    this.listeners = new ReflectorListeners((fd, onReady) => {
      const watch: Watch = { fd, events: 1, onReady };
      this.watches.push(watch);
      this.#answers.push(onReady);
      return watch;
    });
    this.listeners.obey(order);
  }

  /** Lets every open listener answer what waits. */
  work(): void {
    for (const [i, answer] of this.#answers.entries()) {
      if ((this.watches[i]?.fd ?? -1) >= 0) answer();
    }
  }
}

export interface Heard {
  readonly bytes: Uint8Array;
  readonly address: string;
  readonly port: number;
}

/** Turns of the event loop in which an answer that exists has arrived. */
const WAIT_MS = 30;

export class StampClient {
  readonly heard: Heard[] = [];
  readonly socket: Socket;
  readonly #run: ReflectorRun;

  private constructor(socket: Socket, run: ReflectorRun) {
    this.socket = socket;
    this.#run = run;
    socket.on("message", (bytes, { address, port }) => {
      this.heard.push({ bytes: Uint8Array.from(bytes), address, port });
    });
  }

  static async open(run: ReflectorRun, local = "127.0.0.1", port = 0): Promise<StampClient> {
    const socket = createSocket(local.includes(":") ? "udp6" : "udp4");
    socket.bind(port, local);
    await once(socket, "listening");
    return new StampClient(socket, run);
  }

  async send(request: Uint8Array, port: number, host: string): Promise<void> {
    const sent = Promise.withResolvers<void>();
    this.socket.send(request, port, host, (error) => {
      if (error === null || error === undefined) sent.resolve();
      else sent.reject(error);
    });
    await sent.promise;
  }

  /** The answer to one request; null: none came. */
  async ask(request: Uint8Array, port: number, host = "127.0.0.1"): Promise<Heard | null> {
    const before = this.heard.length;
    await this.send(request, port, host);
    for (let waited = 0; waited < WAIT_MS && this.heard.length === before; waited++) {
      this.#run.work();
      await Bun.sleep(1);
    }
    return this.heard[before] ?? null;
  }
}
