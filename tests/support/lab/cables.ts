/** TUN devices in a namespace whose carrier the test sets, and the moments at which it did. */

import { join } from "node:path";
import type { Namespace } from "./namespace.ts";

const HOLDER = join(import.meta.dir, "tun-holder.ts");

export class Cables {
  readonly #child;
  readonly #lines: AsyncIterator<string>;

  private constructor(namespace: Namespace, devices: readonly string[]) {
    const command = namespace.command([process.execPath, HOLDER, ...devices]);
    this.#child = Bun.spawn(command, { stdin: "pipe", stdout: "pipe", stderr: "inherit" });
    this.#lines = linesOf(this.#child.stdout);
  }

  static async plug(namespace: Namespace, devices: readonly string[]): Promise<Cables> {
    const cables = new Cables(namespace, devices);
    await cables.#answer();
    return cables;
  }

  /** Monotonic us just before the carrier changed. */
  async set(device: string, hasCarrier: boolean): Promise<number> {
    this.#child.stdin.write(`${device} ${hasCarrier ? 1 : 0}\n`);
    const answer = Number(await this.#answer());
    if (Number.isNaN(answer)) throw new Error(`the carrier of ${device} does not change`);
    return answer;
  }

  async close(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#child.exited;
  }

  async #answer(): Promise<string> {
    const { value, done } = await this.#lines.next();
    if (done) throw new Error("the holder of the devices ended");
    return value;
  }
}

async function* linesOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of stream) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    yield* lines;
  }
}
