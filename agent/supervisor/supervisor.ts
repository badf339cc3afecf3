/**
 * The long-lived part: two children, their channel, heartbeats, signals, the service manager. It
 * holds both ends of the data pair for its whole life, so that a dead child is replaced with the
 * same end and the survivor never notices more than a new generation.
 */

import { dirname, join } from "node:path";
import type { Subprocess } from "bun";
import type { Log } from "../controller/ports.ts";
import type { RunPlan } from "../domain/run-plan.ts";
import type { Instant, Micros } from "../domain/units.ts";
import { after, between, micros, US_PER_MS, US_PER_S } from "../domain/units.ts";
import { createClock, createTimers } from "../io/clock.ts";
import { createProcessLog } from "../io/process-log.ts";
import type { ProcessReport, ProcessState } from "../wire/frame.ts";
import { encodeJson, encodeSignal, encodeText, FRAME } from "../wire/frame.ts";
import { UPDATE_FRAME } from "../wire/update-frames.ts";
import {
  getCapabilities,
  MSG_DONTWAIT,
  monotonicNow,
  openFile,
  packetPair,
  prctl,
  receiveBytes,
  setOptionInt,
  tryLock,
} from "../worker/libc.ts";
import { TextPages } from "../worker/text-pages.ts";
import type { ChildHost, Role } from "./child.ts";
import { Child } from "./child.ts";
import type { ChildUser, Separation } from "./credentials.ts";
import { keepChildrenPlain, planSeparation, withWorkerCapabilities } from "./credentials.ts";
import { degradedModes } from "./degraded.ts";
import { childEnvironment, loadOf } from "./environment.ts";
import { prepareFolders } from "./folders.ts";
import type { Notifier } from "./notify.ts";
import { openNotifier } from "./notify.ts";
import type { ReflectorOrdering } from "./reflector-order.ts";
import { orderReflector } from "./reflector-order.ts";
import { Handover } from "./update/handover.ts";
import { LazyDesk } from "./update/lazy-desk.ts";

const PING_INTERVAL = micros(5 * US_PER_S);
/** A flush to a slow disk may take this long; then the child is killed. */
const STOP_DEADLINE = micros(5 * US_PER_S);
const DATA_BUFFER_BYTES = 1 << 20;
const SOL_SOCKET = 1;
const SO_SNDBUF = 7;
const SO_SNDBUFFORCE = 32;
const PR_SET_DUMPABLE = 4;
const O_RDWR_CREAT_CLOEXEC = 0o2 | 0o100 | 0o2000000;
/** The controller's exit code for a configuration it cannot use: restarting would not help. */
const EXIT_CONFIG = 2;

/** What the first stage hands over. */
export interface Start {
  readonly plan: RunPlan;
  /** Environment of the process that reads the configuration again. */
  readonly reader: Readonly<Record<string, string>>;
}

export class Supervisor implements ChildHost {
  readonly #plan: RunPlan;
  readonly #command: readonly string[];
  readonly #log: Log;
  readonly #timers = createTimers(createClock());
  readonly #notifier: Notifier;
  readonly #controller: Child;
  readonly #worker: Child;
  #separation: Separation = { kind: "shared", problem: null };
  #problems: string[] = [];
  /** [controller's end, worker's end] */
  #data: readonly [number, number] = [-1, -1];
  #config = "";
  #order: ReflectorOrdering = orderReflector(null);
  readonly #handover: Handover;
  readonly #updates: LazyDesk;
  readonly #textPages = new TextPages();
  #stopping = false;
  #pingSequence = 0;
  #lastTick: Instant = monotonicNow();
  #finish: (exitCode: number) => void = () => {};

  constructor(start: Start, command: readonly string[], args: readonly string[]) {
    const { plan } = start;
    this.#plan = plan;
    this.#command = command;
    this.#log = createProcessLog("supervisor", plan.display);
    this.#notifier = openNotifier(process.env["NOTIFY_SOCKET"]);
    this.#controller = new Child("controller", this);
    this.#worker = new Child("worker", this);
    const children = { controller: this.#controller, worker: this.#worker };
    this.#handover = new Handover({
      ...{ ...children, command, args, reader: start.reader, log: this.#log },
      later: (delayMs, run) => this.later(delayMs, run),
      takePlan: (text) => this.#replacePlan(text),
      plan: () => this.#config,
      failed: () => this.#finish(1),
    });
    this.#updates = new LazyDesk(() =>
      this.#handover.deskHost(() => (JSON.parse(this.#config) as RunPlan).config),
    );
  }

  /** Runs until a signal or a fatal problem; answers with the exit code. */
  async run(): Promise<number> {
    const finished = new Promise<number>((resolve) => {
      this.#finish = resolve;
    });
    prctl(PR_SET_DUMPABLE, 0);
    this.#separation = planSeparation(this.#command);
    keepChildrenPlain();
    this.#problems = prepareFolders(this.#plan.config, this.#separation);
    if (this.#separation.kind === "shared" && this.#separation.problem !== null) {
      this.#problems.push(this.#separation.problem);
    }
    this.#problems.push(...degradedModes(this.#plan.config, getCapabilities().effective));
    for (const problem of this.#problems) this.#log.warn(problem);
    this.#order = this.#readOrder(this.#plan);
    if (!this.#takeLock()) return 1;
    if (!this.#openData()) return 1;
    this.#config = JSON.stringify(this.#plan);
    if (await this.#updates.begin(this.#command[0] ?? "")) {
      this.#handover.becomeProgram();
      return finished;
    }
    this.#handleSignals();
    // The first probe waits for the controller, which takes longer to start.
    await Promise.all([this.#controller.start(), this.#worker.start()]);
    this.#armTick();
    return finished;
  }

  // --- ChildHost -------------------------------------------------------------------------------

  spawn(role: Role, generation: number, control: number): Subprocess {
    const { echo } = this.#plan.config;
    const extra = role === "worker" && echo !== null ? [`--echo=${echo.listen}`] : [];
    const command = [...this.#command, role, String(process.pid), String(generation), ...extra];
    const user = this.#separation.kind === "users" ? this.#separation[role] : null;
    const end = this.#data[role === "controller" ? 0 : 1];
    const environment = childEnvironment(process.env, loadOf(this.#plan.config));
    const start = () => spawnChild(command, { control, data: end, user, environment });
    return role === "worker" ? withWorkerCapabilities(this.#order.bindsLowPort, start) : start();
  }

  onHello(child: Child): void {
    if (child.role === "controller") {
      for (const frame of encodeText(FRAME.config, this.#config)) child.send(frame);
      this.#updates.greet();
      this.#handover.controllerStarted();
    }
    if (child.role === "worker") {
      child.send(this.#order.frame);
      if (!child.renewing) this.#updates.becameReady("worker");
    }
    if (this.#worker.ready && !this.#worker.renewing) this.#announceWorker();
    this.#report();
  }

  onGone(child: Child, exit: string): void {
    this.#drain(this.#data[child.role === "controller" ? 0 : 1]);
    if (child.role === "worker") this.#tellPeer(0);
    if (this.#stopping) {
      if (!this.#controller.running && !this.#worker.running) this.#finish(0);
      return;
    }
    if (this.#handover.ended(child) || child.renewing) return;
    const isTrial = this.#updates.isTrial;
    this.#updates.died(child.role, exit);
    if (!isTrial && child.role === "controller" && exit === `exit code ${EXIT_CONFIG}`) {
      this.#shutDown(EXIT_CONFIG);
      return;
    }
    this.#log.warn(`${child.role} ended, starting it again`, {
      exit,
      restarts: child.restarts + 1,
    });
    this.#report();
  }

  onMessage(child: Child, type: number, frame: Uint8Array): void {
    if (child.role !== "controller") return;
    if (type === UPDATE_FRAME.order) this.#updates.take(frame);
    if (type === FRAME.ready) {
      this.#notifier.ready();
      if (!child.renewing) this.#updates.becameReady("controller");
    }
    if (type === FRAME.reload) void this.#reload();
  }

  later(delayMs: number, run: () => void): void {
    this.#after((delayMs * US_PER_MS) as Micros, run);
  }

  // --- internals -------------------------------------------------------------------------------

  #after(span: Micros, run: () => void): void {
    this.#timers.arm(after(monotonicNow(), span), run);
  }

  #takeLock(): boolean {
    const path = join(dirname(this.#plan.config.http.socket), "agent.lock");
    const opened = openFile(path, O_RDWR_CREAT_CLOEXEC, 0o600);
    if (opened.kind === "failed") {
      this.#log.warn("cannot take the lock file, a second agent would not be noticed", {
        path,
        errno: opened.errno,
      });
      return true;
    }
    if (tryLock(opened.fd)) return true;
    this.#log.error("cannot start: another agent runs here", { lock: path });
    return false;
  }

  #openData(): boolean {
    const pair = packetPair();
    if (pair.kind === "failed") {
      this.#log.error("cannot make the data channel", { errno: pair.errno });
      return false;
    }
    this.#data = pair.ends;
    for (const end of pair.ends) {
      if (setOptionInt(end, SOL_SOCKET, SO_SNDBUFFORCE, DATA_BUFFER_BYTES) !== 0) {
        setOptionInt(end, SOL_SOCKET, SO_SNDBUF, DATA_BUFFER_BYTES);
      }
    }
    return true;
  }

  #announceWorker(): void {
    this.#tellPeer(this.#worker.generation);
  }

  #tellPeer(generation: number): void {
    if (this.#controller.ready) {
      this.#controller.send(encodeSignal(FRAME.peer, generation, generation));
    }
  }

  #report(): void {
    if (!this.#controller.ready) return;
    const report: ProcessReport = {
      supervisor_pid: process.pid,
      controller: stateOf(this.#controller),
      worker: stateOf(this.#worker),
      separation: this.#separation.kind,
      problems: [...this.#problems, ...this.#order.problems],
    };
    this.#controller.send(encodeJson(FRAME.processes, 0, report));
  }

  /** Orders the dead child never read must not reach its successor. */
  #drain(end: number): void {
    const sink = new Uint8Array(1);
    while (receiveBytes(end, sink, MSG_DONTWAIT) >= 0);
  }

  #armTick(): void {
    this.#after(PING_INTERVAL, () => {
      const now = monotonicNow();
      const excused = Math.max(0, between(this.#lastTick, now) - PING_INTERVAL);
      this.#lastTick = now;
      this.#textPages.look(now);
      for (const child of [this.#controller, this.#worker]) {
        child.checkSilence(now, excused);
        child.ping(++this.#pingSequence);
      }
      if (this.#controller.isHealthy(now) && this.#worker.isHealthy(now)) this.#notifier.watchdog();
      if (!this.#stopping) this.#armTick();
    });
  }

  #handleSignals(): void {
    const stop = () => this.#shutDown(0);
    process.on("SIGTERM", stop);
    process.on("SIGINT", stop);
    process.on("SIGHUP", () => void this.#reload());
  }

  /** The second request ends at once. */
  #shutDown(exitCode: number): void {
    if (this.#stopping) {
      this.#controller.kill();
      this.#worker.kill();
      this.#finish(exitCode);
      return;
    }
    this.#stopping = true;
    this.#notifier.stopping();
    this.#updates.stopping();
    this.#controller.stop();
    this.#worker.stop();
    if (!this.#controller.running && !this.#worker.running) this.#finish(exitCode);
    if (exitCode !== 0) this.#finish(exitCode);
    this.#after(STOP_DEADLINE, () => {
      this.#log.warn("children did not end in time, killing them");
      this.#controller.kill();
      this.#worker.kill();
    });
  }

  /** Reads the configuration in a short-lived process; an invalid one changes nothing. */
  async #reload(): Promise<void> {
    if (this.#stopping) return;
    this.#notifier.reloading();
    const text = await this.#handover.readPlan();
    if (text === null) {
      this.#log.error("configuration not reloaded: it has problems, the running one stays");
    } else {
      this.#takeConfig(text);
    }
    this.#notifier.ready();
  }

  #takeConfig(text: string): void {
    // Written by this very program: typed there. The key file may have changed without the text.
    const isSame = text === this.#config;
    this.#replacePlan(text);
    this.#worker.send(this.#order.frame);
    this.#report();
    if (isSame) {
      this.#log.info("configuration reloaded: nothing changed");
      return;
    }
    for (const frame of encodeText(FRAME.config, text)) this.#controller.send(frame);
  }

  #replacePlan(text: string): void {
    this.#order = this.#readOrder(JSON.parse(text) as RunPlan);
    this.#config = text;
  }

  #readOrder(plan: RunPlan): ReflectorOrdering {
    const order = orderReflector(plan.config.reflector);
    for (const problem of order.problems) this.#log.warn(problem);
    return order;
  }
}

function stateOf(child: Child): ProcessState {
  return {
    pid: child.pid,
    generation: child.generation,
    restarts: child.restarts,
    last_exit: child.lastExit,
  };
}

interface ChildInheritance {
  /** Become its fd 3 and 4. */
  readonly control: number;
  readonly data: number;
  /** null: the same user as ours. */
  readonly user: ChildUser | null;
  readonly environment: Readonly<Record<string, string>>;
}

function spawnChild(command: readonly string[], inherited: ChildInheritance): Subprocess {
  const { control, data, user, environment } = inherited;
  return Bun.spawn([...command], {
    stdio: ["ignore", "inherit", "inherit", control, data],
    env: environment,
    cwd: "/",
    detached: true,
    ...(user === null ? {} : user),
  });
}
