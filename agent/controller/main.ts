/**
 * The controller process: fd 3 to the supervisor, fd 4 to the worker. It waits for its
 * configuration, composes the agent and runs it until the supervisor says stop or is gone.
 */

import type { RunPlan } from "../domain/run-plan.ts";
import { VERSION } from "../domain/version.ts";
import { openFrameSocket } from "../io/frame-socket.ts";
import type { FrameHeader, ProcessReport, Progress } from "../wire/frame.ts";
import {
  decodeJson,
  encodeJson,
  encodeSignal,
  FRAME,
  HEADER_SIZE,
  readHeader,
} from "../wire/frame.ts";
import type { UpdateReport } from "../wire/update-frames.ts";
import { encodeUpdate, UPDATE_FRAME } from "../wire/update-frames.ts";
import {
  ignoreSignals,
  monotonicNow,
  parentPid,
  prctl,
  setAlarm,
  setCloseOnExec,
} from "../worker/libc.ts";
import { TextPages } from "../worker/text-pages.ts";
import type { Agent } from "./compose.ts";
import { compose } from "./compose.ts";

const CONTROL_FD = 3;
const DATA_FD = 4;
/** HUP, INT, QUIT, USR1, USR2, TERM: the supervisor speaks for them. */
const IGNORED_SIGNALS = [1, 2, 3, 10, 12, 15];
const PR_SET_DUMPABLE = 4;
/**
 * Longer than any gap between pings, and than a stop or suspend of minutes: the alarm runs on while
 * we do not, and would end us as we wake. A loop that hangs for good is ended by the kernel.
 */
const ALARM_SECONDS = 600;

/** `args`: pid of the supervisor, generation. */
export async function runController(args: readonly string[]): Promise<number> {
  ignoreSignals(IGNORED_SIGNALS);
  prctl(PR_SET_DUMPABLE, 0);
  setCloseOnExec(CONTROL_FD, true);
  setCloseOnExec(DATA_FD, true);
  if (parentPid() !== Number(args[0])) return 0;
  return new Controller().run();
}

class Controller {
  #agent: Agent | null = null;
  #peer = 0;
  #report: ProcessReport | null = null;
  #update: UpdateReport | null = null;
  #configParts: Uint8Array[] = [];
  readonly #textPages = new TextPages();
  #stopping = false;
  #finish: (exitCode: number) => void = () => {};

  async run(): Promise<number> {
    const finished = new Promise<number>((resolve) => {
      this.#finish = resolve;
    });
    const data = await openFrameSocket(DATA_FD, {
      frame: (bytes) => this.#agent?.driver.receive(bytes),
      end: () => {},
    });
    const control = await openFrameSocket(CONTROL_FD, {
      frame: (bytes) => this.#control(bytes, { data: data.send, control: control.send }),
      end: () => void this.#stop(),
    });
    const hello = { role: "controller", pid: process.pid, version: VERSION };
    control.send(encodeJson(FRAME.hello, 0, hello));
    return finished;
  }

  #control(frame: Uint8Array, channels: Channels): void {
    const header = readHeader(frame);
    if (header === null) return;
    switch (header.type) {
      case FRAME.ping:
        setAlarm(ALARM_SECONDS);
        this.#textPages.look(monotonicNow());
        channels.control(encodeJson(FRAME.pong, 0, this.#progress(), header.aux));
        return;
      case FRAME.peer:
        this.#peer = header.aux;
        this.#agent?.driver.peerChanged(header.aux);
        return;
      case UPDATE_FRAME.report:
        this.#update = decodeJson(frame) as UpdateReport; // fields are never changed or removed
        this.#agent?.updateReported(this.#update);
        return;
      case FRAME.processes:
        // Same program, same version on both ends: the shape is wire/frame.ts's.
        this.#report = decodeJson(frame) as ProcessReport;
        return;
      case FRAME.config:
        this.#takeConfig(header, frame, channels);
        return;
      case FRAME.stop:
        void this.#stop();
        return;
      default:
        return;
    }
  }

  #progress(): Progress {
    return { last_work_us: this.#agent?.driver.lastIngest ?? 0, lag_us: 0 };
  }

  #takeConfig(header: FrameHeader, frame: Uint8Array, channels: Channels): void {
    if ((header.aux2 & 0xffff) === 0) this.#configParts = [];
    this.#configParts.push(frame.slice(HEADER_SIZE));
    if (this.#configParts.length < header.aux2 >>> 16) return;
    const plan: RunPlan = JSON.parse(Buffer.concat(this.#configParts).toString("utf8"));
    this.#configParts = [];
    if (this.#agent !== null) {
      this.#agent.reconfigure(plan.config);
      return;
    }
    void this.#start(plan, channels);
  }

  async #start(plan: RunPlan, channels: Channels): Promise<void> {
    const agent = await compose(plan, {
      sendToWorker: channels.data,
      requestReload: () => channels.control(encodeSignal(FRAME.reload, 0)),
      processes: () => this.#report,
      orderUpdate: (order) => channels.control(encodeUpdate(UPDATE_FRAME.order, order)),
    });
    this.#agent = agent;
    if (this.#stopping) return this.#stop();
    if (this.#peer !== 0) agent.driver.peerChanged(this.#peer);
    channels.control(encodeSignal(FRAME.ready, 0));
    if (this.#update !== null) agent.updateReported(this.#update);
  }

  /** Flushes and closes, within the time that the supervisor gives. */
  async #stop(): Promise<void> {
    this.#stopping = true;
    const agent = this.#agent;
    this.#agent = null;
    await agent?.stop();
    this.#finish(0);
  }
}

interface Channels {
  data(frame: Uint8Array): void;
  control(frame: Uint8Array): void;
}
