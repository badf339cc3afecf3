/** The wire of `shaped-wire.ts` as a test uses it: both ends in place, obeying one by one. */

import { join } from "node:path";
import type { Behaviour } from "./behaviour.ts";
import { linesOf } from "./lines.ts";
import type { Namespace } from "./namespace.ts";

const WIRE = join(import.meta.dir, "shaped-wire.ts");
const ANSWER_MS = 10_000;

export type WireDirection = "up" | "down";

export type WireCommand =
  | { readonly kind: "carrier"; readonly isOn: boolean }
  | { readonly kind: "shape"; readonly direction: WireDirection; readonly behaviour: Behaviour };

export interface WireAnswer {
  /** Monotonic us just before. */
  readonly beforeUs: number;
  /** 0 or errno */
  readonly errno: number;
}

export interface WireEnd {
  readonly namespace: Namespace;
  readonly device: string;
}

export class ShapedWire {
  readonly #child;
  readonly #lines: AsyncIterator<string>;
  #last: Promise<unknown> = Promise.resolve();

  private constructor(near: WireEnd, far: WireEnd, seed: number) {
    const program = [process.execPath, WIRE, near.device, far.device, `${seed}`];
    this.#child = Bun.spawn(near.namespace.command(["chrt", "-f", "10", ...program]), {
      stdin: "pipe",
      stdout: "pipe",
      stderr: "inherit",
    });
    this.#lines = linesOf(this.#child.stdout);
  }

  /** Makes both devices with carrier, without addresses, down. */
  static async pull(near: WireEnd, far: WireEnd, seed = 1): Promise<ShapedWire> {
    const wire = new ShapedWire(near, far, seed);
    try {
      await wire.#line();
      near.namespace.exec(["ip", "link", "set", far.device, "netns", far.namespace.name]);
      for (const { namespace, device } of [near, far]) {
        // Before the device is up, or the first packets find a queue of 500.
        namespace.exec(["ip", "link", "set", device, "txqueuelen", "10000"]);
      }
    } catch (error) {
      await wire.close();
      throw error;
    }
    return wire;
  }

  /** Of the near end; monotonic us just before. */
  carrier(isOn: boolean): Promise<number> {
    return this.#ask({ kind: "carrier", isOn });
  }

  /** `up`: from the near end to the far one. An empty behaviour passes everything at once. */
  shape(direction: WireDirection, behaviour: Behaviour): Promise<number> {
    return this.#ask({ kind: "shape", direction, behaviour });
  }

  async close(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#child.exited;
  }

  #ask(command: WireCommand): Promise<number> {
    const answer = this.#last.then(async () => {
      this.#child.stdin.write(`${JSON.stringify(command)}\n`);
      await this.#child.stdin.flush();
      const { beforeUs, errno }: WireAnswer = JSON.parse(await this.#line());
      if (errno !== 0) throw new Error(`${command.kind}: errno ${errno}`);
      return beforeUs;
    });
    this.#last = answer.catch(() => null);
    return answer;
  }

  async #line(): Promise<string> {
    const late = Bun.sleep(ANSWER_MS).then(() => null);
    const next = await Promise.race([this.#lines.next(), late]);
    if (next === null || next.done === true) throw new Error("the wire does not answer");
    return next.value;
  }
}
