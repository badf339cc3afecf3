/**
 * Starts a hook as a process group of its own and waits for its end, at most its timeout. Its
 * output is kept up to a bound, for the log. It runs as the controller's user, without capability.
 */

import type { HookEnd, HookLaunch, HookRunner } from "../../controller/hooks/ports.ts";
import type { Clock, Timers } from "../../controller/ports.ts";
import { after, micros, US_PER_MS } from "../../domain/units.ts";

/** What the log keeps of one text. */
const OUTPUT_MAX = 2_048;

/** What is still in the pipe when the program has ended is read within this. */
const DRAIN = micros(100 * US_PER_MS);

export interface RunnerParts {
  readonly clock: Clock;
  readonly timers: Timers;
}

export function createHookRunner(parts: RunnerParts): HookRunner {
  let killRunning: (() => void) | null = null;
  return {
    kill: () => killRunning?.(),
    async run(launch) {
      const started = start(launch);
      if (started.kind === "not-started") return started;
      killRunning = started.kill;
      const end = await endOf(started, launch, parts);
      killRunning = null;
      return end;
    },
  };
}

interface Running {
  readonly kind: "running";
  readonly exited: Promise<number>;
  readonly signal: () => string | number | null;
  readonly output: Output;
  readonly kill: () => void;
}

function start(
  launch: HookLaunch,
): Running | { readonly kind: "not-started"; readonly reason: string } {
  try {
    const child = Bun.spawn([...launch.command], {
      cwd: "/",
      env: { ...launch.environment },
      stdio: ["ignore", "pipe", "pipe"],
      detached: true, // setsid: a group that can be killed as a whole
    });
    const output = new Output([child.stdout, child.stderr]);
    const kill = () => killGroup(child.pid);
    return { kind: "running", exited: child.exited, signal: () => child.signalCode, output, kill };
  } catch (error) {
    return { kind: "not-started", reason: error instanceof Error ? error.message : String(error) };
  }
}

async function endOf(running: Running, launch: HookLaunch, parts: RunnerParts): Promise<HookEnd> {
  const { clock, timers } = parts;
  let isLate = false;
  const disarm = timers.arm(after(clock.monotonic(), launch.timeout), () => {
    isLate = true;
    running.kill();
  });
  const code = await running.exited;
  disarm();
  // A child in the background may hold the pipes open: its words are not waited for for long.
  const drained = Promise.withResolvers<null>();
  const give = timers.arm(after(clock.monotonic(), DRAIN), () => drained.resolve(null));
  const output = await running.output.end(drained.promise);
  give();
  if (isLate) return { kind: "timed-out", output };
  const signal = running.signal();
  if (signal === null) return { kind: "exited", code, output };
  return { kind: "signalled", signal: `${signal}`, output };
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // gone already
  }
}

interface Reader {
  read(): Promise<{ readonly done: boolean; readonly value?: Uint8Array | undefined }>;
}

/** Reads both streams as long as the program runs, so that it never waits for a reader. */
class Output {
  readonly #readers;
  readonly #ended: Promise<unknown>;
  #text = "";

  constructor(streams: readonly ReadableStream<Uint8Array>[]) {
    this.#readers = streams.map((stream) => stream.getReader());
    this.#ended = Promise.all(this.#readers.map((reader) => this.#collect(reader)));
  }

  /** When both have ended, or `enough` has come. */
  async end(enough: Promise<null>): Promise<string> {
    await Promise.race([this.#ended, enough]);
    await Promise.all(this.#readers.map((reader) => reader.cancel().catch(() => null)));
    return this.#text.trim();
  }

  async #collect(reader: Reader): Promise<void> {
    const decoder = new TextDecoder();
    for (;;) {
      const part = await reader.read().catch(() => null);
      if (part === null || part.done) return;
      const room = OUTPUT_MAX - this.#text.length;
      if (room > 0) this.#text += decoder.decode(part.value, { stream: true }).slice(0, room);
    }
  }
}
