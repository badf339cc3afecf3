/**
 * A lab for one test: a namespace with a TUN device whose far end is the responder.
 *
 *   const lab = await openLab("accuracy", "spin");
 *   await lab.behave("10.99.0.20", { delayUs: 20_000 });
 *   ... run something in lab.namespace that talks to 10.99.0.20 ...
 *   const record = await lab.record("10.99.0.20");
 *   await lab.close();
 *
 * Addresses: 10.99.0.0/16 and fd99::/64, the host is 10.99.0.1 and fd99::1. The lab's own clock is
 * CLOCK_MONOTONIC. `netem` is not needed.
 */

import { join } from "node:path";
import type { Subprocess } from "bun";
import { Namespace } from "../namespaces.ts";
import type { Behaviour } from "./behaviour.ts";
import type { Command, RecordEntry } from "./responder.ts";

const DEVICE = "lab0";
const SEED = 7;
/** No concurrent collector and no optimizing compiler beside the loop: they stop it for ms. */
const STEADY = {
  BUN_JSC_useConcurrentGC: "0",
  BUN_JSC_numberOfGCMarkers: "1",
  BUN_JSC_useDFGJIT: "0",
} as const;

export class Lab {
  readonly namespace: Namespace;
  readonly #responder: Subprocess<"pipe", "pipe", "inherit">;
  readonly #answers: AsyncIterator<string>;

  constructor(namespace: Namespace, responder: Subprocess<"pipe", "pipe", "inherit">) {
    this.namespace = namespace;
    this.#responder = responder;
    this.#answers = linesOf(responder.stdout);
  }

  /** Behaves so from now on, with an empty record. */
  async behave(address: string, behaviour: Behaviour): Promise<void> {
    await this.#ask({ command: "behave", address, behaviour });
  }

  /** Every request to the address since `behave`. */
  async record(address: string): Promise<RecordEntry[]> {
    return (await this.#ask({ command: "record", address })) as RecordEntry[];
  }

  async carrier(on: boolean): Promise<void> {
    await this.#ask({ command: "carrier", on });
  }

  async close(): Promise<void> {
    this.#responder.kill("SIGKILL");
    await this.#responder.exited;
    this.namespace.remove();
  }

  /** The next line of the responder. */
  async hear(): Promise<unknown> {
    const { value, done } = await this.#answers.next();
    if (done === true) throw new Error("the responder ended");
    return JSON.parse(value);
  }

  async #ask(command: Command): Promise<unknown> {
    this.#responder.stdin.write(`${JSON.stringify(command)}\n`);
    await this.#responder.stdin.flush();
    return this.hear();
  }
}

/** `spin`: exact stamps for one of the cores. */
export async function openLab(purpose: string, mode: "spin" | "sleep" = "sleep"): Promise<Lab> {
  const namespace = new Namespace(purpose);
  const script = join(import.meta.dir, "responder.ts");
  const command = ["nice", "-n", "-19", process.execPath, script, DEVICE, `${SEED}`, mode];
  const responder = Bun.spawn(namespace.command(command), {
    env: { ...process.env, ...STEADY },
    stdin: "pipe",
    stdout: "pipe",
    stderr: "inherit",
  });
  const lab = new Lab(namespace, responder);
  await lab.hear();
  namespace.set(`net.ipv6.conf.${DEVICE}.accept_dad`, "0");
  namespace.run(["ip", "link", "set", DEVICE, "up", "txqueuelen", "10000"]);
  namespace.run(["ip", "addr", "add", "10.99.0.1/16", "dev", DEVICE]);
  namespace.run(["ip", "addr", "add", "fd99::1/64", "dev", DEVICE, "nodad"]);
  return lab;
}

async function* linesOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const bytes of stream) {
    const lines = (rest + decoder.decode(bytes, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    yield* lines;
  }
}
