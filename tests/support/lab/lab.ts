/**
 * The lab as a test uses it: a namespace of its own with a responder that answers for 10.99.0.0/16
 * and fd99::/64 (the host is .1), and the responder's record of what it saw.
 */

import { join } from "node:path";
import type { Subprocess } from "bun";
import type { Behaviour } from "./behaviour.ts";
import type { Namespace } from "./namespace.ts";
import { createNamespace } from "./namespace.ts";
import type { Answer, Command, Counters, Hello, Row } from "./protocol.ts";
import { entryOf } from "./protocol.ts";
import type { Entry } from "./record.ts";

const RESPONDER = join(import.meta.dir, "responder.ts");
const ANSWER_MS = 10_000;
const END_MS = 2_000;

export interface LabOptions {
  /** Part of the namespace's name: lower-case letters, digits, hyphens. */
  readonly purpose: string;
  /** Of the random decisions; default: another one each time, see `Lab.seed`. */
  readonly seed?: number;
}

export interface Lab {
  readonly namespace: Namespace;
  readonly seed: number;
  /** Replaces the behaviour of one address at once; packets under way still depart. */
  behave(address: string, behaviour: Behaviour): Promise<void>;
  /** What came for one address, in the order of arrival. */
  record(address: string): Promise<Entry[]>;
  /** Empties the record of one address. */
  forget(address: string): Promise<void>;
  setCarrier(isOn: boolean): Promise<void>;
  counters(): Promise<Counters>;
  /** Ends the responder and removes the namespace. */
  close(): Promise<void>;
}

/** Throws when the namespace or the device cannot be made; nothing is left behind then. */
export async function openLab(options: LabOptions): Promise<Lab> {
  const namespace = createNamespace(options.purpose);
  const seed = options.seed ?? crypto.getRandomValues(new Uint32Array(1))[0] ?? 1;
  const responder = new Responder(namespace, seed);
  const close = async () => {
    await responder.close();
    namespace.close();
  };
  try {
    await responder.hello();
  } catch (error) {
    await close();
    throw error;
  }
  return {
    namespace,
    seed,
    close,
    behave: (address, behaviour) => responder.ask({ command: "behave", address, behaviour }),
    async record(address) {
      const rows = await responder.ask<Row[]>({ command: "record", address });
      return rows.map(entryOf);
    },
    forget: (address) => responder.ask({ command: "forget", address }),
    setCarrier: (isOn) => responder.ask({ command: "carrier", isOn }),
    counters: () => responder.ask<Counters>({ command: "counters" }),
  };
}

class Responder {
  readonly #process: Subprocess<"pipe", "pipe", "pipe">;
  readonly #lines: AsyncGenerator<string>;
  readonly #complaint: Promise<string>;
  /** One command at a time, in the order of the calls. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(namespace: Namespace, seed: number) {
    // Ahead of what it measures: a late wake-up of the responder would pass for the agent's error.
    const program = ["nice", "-n", "-15", process.execPath, RESPONDER, "lab0", String(seed)];
    this.#process = Bun.spawn(namespace.command(program), {
      stdin: "pipe",
      stdout: "pipe",
      stderr: "pipe",
    });
    this.#lines = linesOf(this.#process.stdout);
    this.#complaint = new Response(this.#process.stderr).text();
  }

  async hello(): Promise<Hello> {
    return JSON.parse(await this.#line("hello")) as Hello;
  }

  ask<T>(command: Command): Promise<T> {
    const answer = this.#last.then(() => this.#exchange<T>(command));
    this.#last = answer.catch(() => null);
    return answer;
  }

  async close(): Promise<void> {
    await this.#process.stdin.end();
    const ended = await Promise.race([this.#process.exited, Bun.sleep(END_MS).then(() => null)]);
    if (ended === null) this.#process.kill("SIGKILL");
    await this.#process.exited;
  }

  async #exchange<T>(command: Command): Promise<T> {
    this.#process.stdin.write(`${JSON.stringify(command)}\n`);
    await this.#process.stdin.flush();
    const answer = JSON.parse(await this.#line(command.command)) as Answer<T>;
    if (answer.kind === "refused") throw new Error(`${command.command}: ${answer.reason}`);
    return answer.value;
  }

  async #line(what: string): Promise<string> {
    const late = Bun.sleep(ANSWER_MS).then(() => null);
    const next = await Promise.race([this.#lines.next(), late]);
    if (next === null) throw new Error(`${what}: no answer within ${ANSWER_MS} ms`);
    if (next.done !== true) return next.value;
    throw new Error(`${what}: the responder ended: ${(await this.#complaint).trim()}`);
  }
}

async function* linesOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let parts: string[] = [];
  for await (const chunk of stream) {
    const pieces = decoder.decode(chunk, { stream: true }).split("\n");
    const last = pieces.pop() ?? "";
    for (const piece of pieces) {
      yield parts.join("") + piece;
      parts = [];
    }
    parts.push(last);
  }
}
