/**
 * One child process and its control pair: spawn, heartbeats, restart. The control pair is new for
 * every child and its EOF is the news of a death; the data pair outlives all children.
 */

import type { Subprocess } from "bun";
import type { Instant } from "../domain/units.ts";
import { between, US_PER_MS, US_PER_S } from "../domain/units.ts";
import type { FrameSocket } from "../io/frame-socket.ts";
import { openFrameSocket } from "../io/frame-socket.ts";
import { encodeSignal, FRAME, readHeader } from "../wire/frame.ts";
import { closeFd, monotonicNow, packetPair } from "../worker/libc.ts";
import { RestartPolicy } from "./restart-policy.ts";

export type Role = "controller" | "worker";

export interface ChildHost {
  /** Starts the process with these descriptors as its fd 3 and 4. */
  spawn(role: Role, generation: number, control: number): Subprocess;
  /** The child said hello: it runs and reads. */
  onHello(child: Child): void;
  /** The child is gone; `restartInUs` null: we are stopping. */
  onGone(child: Child, exit: string): void;
  onMessage(child: Child, type: number, frame: Uint8Array): void;
  /** After a delay, on the supervisor's loop. */
  later(delayMs: number, run: () => void): void;
}

/** Silent for this long: killed. Longer than any flush or garbage collection. */
const SILENCE_US = 20 * US_PER_S;
/** systemd's watchdog is fed only while both answered within this. */
const HEALTHY_US = 15 * US_PER_S;

export class Child {
  readonly role: Role;
  readonly #host: ChildHost;
  readonly #policy: RestartPolicy;
  generation = 0;
  restarts = 0;
  lastExit: string | null = null;
  #process: Subprocess | null = null;
  #control: FrameSocket | null = null;
  #heardAt: Instant;
  #stopping = false;
  ready = false;
  /** It was told to end, to be started again at once. */
  renewing = false;

  constructor(role: Role, host: ChildHost) {
    this.role = role;
    this.#host = host;
    this.#heardAt = monotonicNow();
    this.#policy = new RestartPolicy(this.#heardAt);
  }

  get pid(): number | null {
    return this.#process?.pid ?? null;
  }

  get running(): boolean {
    return this.#process !== null;
  }

  async start(): Promise<void> {
    const pair = packetPair();
    if (pair.kind === "failed") throw new Error(`cannot make a socket pair: errno ${pair.errno}`);
    const [ours, theirs] = pair.ends;
    this.generation++;
    this.ready = false;
    this.#heardAt = monotonicNow();
    this.#policy.started(this.#heardAt);
    const subprocess = this.#host.spawn(this.role, this.generation, theirs);
    closeFd(theirs); // Bun leaves it open here, and then its EOF would never come
    this.#process = subprocess;
    await this.#attach(ours, subprocess);
  }

  /** Nothing happens while the child is not attached: it is told everything after its hello. */
  send(frame: Uint8Array): void {
    this.#control?.send(frame);
  }

  ping(sequence: number): void {
    if (this.running) this.send(encodeSignal(FRAME.ping, this.generation, sequence));
  }

  /**
   * Kills a child that was silent too long; `excused` is time in which we did not run ourselves.
   */
  checkSilence(now: Instant, excusedUs: number): void {
    if (!this.running) return;
    this.#heardAt = (this.#heardAt + excusedUs) as Instant;
    if (between(this.#heardAt, now) > SILENCE_US) this.kill();
  }

  isHealthy(now: Instant): boolean {
    return this.running && this.ready && between(this.#heardAt, now) < HEALTHY_US;
  }

  stop(): void {
    this.#stopping = true;
    if (this.running) this.send(encodeSignal(FRAME.stop, this.generation));
  }

  /** Ends it in order, or after the deadline, and starts it again: maybe from another file. */
  renew(deadlineMs: number): void {
    const subprocess = this.#process;
    if (subprocess === null || this.#stopping) return;
    this.renewing = true;
    this.send(encodeSignal(FRAME.stop, this.generation));
    this.#host.later(deadlineMs, () => {
      if (this.#process === subprocess) subprocess.kill("SIGKILL");
    });
  }

  kill(): void {
    this.#process?.kill("SIGKILL");
  }

  async #attach(fd: number, subprocess: Subprocess): Promise<void> {
    const control = await openFrameSocket(fd, {
      frame: (bytes) => this.#receive(bytes),
      end: () => {},
    });
    this.#control = control;
    const gone = () => this.#gone(subprocess, control);
    subprocess.exited.then(gone, gone);
  }

  #receive(frame: Uint8Array): void {
    const header = readHeader(frame);
    if (header === null) return;
    this.#heardAt = monotonicNow();
    if (header.type === FRAME.pong) return;
    if (header.type === FRAME.hello) {
      this.ready = true;
      this.#host.onHello(this);
      return;
    }
    this.#host.onMessage(this, header.type, frame);
  }

  #gone(subprocess: Subprocess, control: FrameSocket): void {
    control.close();
    this.#process = null;
    this.#control = null;
    this.ready = false;
    this.lastExit = exitText(subprocess);
    this.#host.onGone(this, this.lastExit);
    const isRenewed = this.renewing;
    this.renewing = false;
    if (this.#stopping) return;
    if (isRenewed) {
      void this.start();
      return;
    }
    const delay = this.#policy.died(monotonicNow());
    this.restarts++;
    const again = () => {
      if (!this.#stopping) void this.start();
    };
    if (delay === 0) again();
    else this.#host.later(delay / US_PER_MS, again);
  }
}

function exitText(subprocess: Subprocess): string {
  return subprocess.signalCode === null
    ? `exit code ${subprocess.exitCode}`
    : `signal ${subprocess.signalCode}`;
}
