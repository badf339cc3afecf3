/**
 * Deletes conntrack entries of a former uplink, so that translated flows choose their way anew. One
 * message where the kernel filters rightly (IPv4, whole address); else the entries are read and
 * deleted one by one, in slices, because a box may hold a hundred thousand of them.
 */

import { isWithin } from "../../domain/gateways.ts";
import type { FlowSelection, OrderOutcome } from "../../wire/net-frames.ts";
import type { FlowEntry } from "../../wire/netlink-conntrack.ts";
import {
  decodeFlow,
  encodeConntrackStats,
  encodeFlowDelete,
  encodeFlowDelete4,
  encodeFlowDump,
} from "../../wire/netlink-conntrack.ts";
import { ERRNO } from "../kernel.ts";
import type { Ack, NetlinkSocket, OpenResult, Refusal } from "./netlink-socket.ts";
import { wordsOf } from "./netlink-socket.ts";

/** Per turn of the loop: a deletion takes 5-10 us, a part of a dump holds about 100 entries. */
const DELETES_PER_TURN = 500;
const PARTS_PER_TURN = 8;

type Conclude = (outcome: OrderOutcome) => void;

interface Job {
  readonly selection: FlowSelection;
  readonly startUs: number;
  readonly conclude: Conclude;
  readonly found: FlowEntry[];
  phase: "waiting" | "reading" | "deleting";
  deleted: number;
}

export interface FlowPorts {
  readonly open: () => OpenResult;
  /** Monotonic us. */
  readonly now: () => number;
}

export class FlowReset {
  readonly #now: () => number;
  readonly #socket: NetlinkSocket | null;
  readonly #jobs: Job[] = [];

  constructor(ports: FlowPorts) {
    this.#now = ports.now;
    this.#socket = openUsable(ports.open);
  }

  /** False without conntrack, its netlink module or the privilege. */
  get isAvailable(): boolean {
    return this.#socket !== null;
  }

  /** Something is left for `step`. */
  get isBusy(): boolean {
    return this.#jobs.length > 0;
  }

  start(selection: FlowSelection, conclude: Conclude): void {
    const startUs = this.#now();
    if (this.#socket === null) {
      const words = "flows: unavailable (is conntrack's netlink module there?)";
      conclude({ kind: "rejected", reason: "unavailable", errno: 0, words });
      return;
    }
    const { family, from, to, address } = selection;
    // A job in the middle of its dump has the socket.
    if (family === 4 && from === null && to === null && !this.isBusy) {
      const ack = this.#socket.request(encodeFlowDelete4(address));
      // Kernels without this filter find the tuple incomplete.
      if (ack.kind === "ok" || ack.errno !== ERRNO.EINVAL) {
        conclude(outcomeOf(ack, { durationUs: this.#now() - startUs, flows: null }));
        return;
      }
    }
    const job = { selection, startUs, conclude, found: [], deleted: 0 };
    this.#jobs.push({ ...job, phase: "waiting" });
  }

  /** One slice of the oldest job. */
  step(): void {
    const [job] = this.#jobs;
    if (job === undefined || this.#socket === null) return;
    const end = this.#advance(this.#socket, job);
    if (end === null) return;
    this.#jobs.shift();
    job.conclude(outcomeOf(end, { durationUs: this.#now() - job.startUs, flows: job.deleted }));
  }

  close(): void {
    this.#socket?.close();
  }

  /** null: not yet at its end. */
  #advance(socket: NetlinkSocket, job: Job): Ack | null {
    if (job.phase === "waiting") {
      const begun = socket.beginDump(encodeFlowDump(job.selection.family));
      if (begun.kind === "refused") return begun;
      job.phase = "reading";
    }
    if (job.phase === "reading") return readSlice(socket, job);
    return deleteSlice(socket, job);
  }
}

/** null: conntrack cannot be used here. */
function openUsable(open: () => OpenResult): NetlinkSocket | null {
  const opened = open();
  if (opened.kind === "refused") return null;
  if (opened.value.request(encodeConntrackStats()).kind === "ok") return opened.value;
  opened.value.close();
  return null;
}

function readSlice(socket: NetlinkSocket, job: Job): Refusal | null {
  for (let parts = 0; parts < PARTS_PER_TURN; parts++) {
    const end = socket.readDump((message) => {
      const flow = decodeFlow(message);
      if (flow !== null && isSelected(flow, job.selection)) job.found.push(flow);
    });
    if (end === null) continue;
    if (end.kind === "refused") return end;
    job.phase = "deleting";
    return null;
  }
  return null;
}

function deleteSlice(socket: NetlinkSocket, job: Job): Ack | null {
  for (const flow of job.found.splice(0, DELETES_PER_TURN)) {
    const ack = socket.request(encodeFlowDelete(flow));
    if (ack.kind === "ok") job.deleted++;
    else if (ack.errno !== ERRNO.ENOENT) return ack;
  }
  return job.found.length === 0 ? { kind: "ok" } : null;
}

/**
 * A flow without translation has nothing to repair: its packets follow the route by themselves.
 * Selectors of a policy are about the packets of the flow's own direction.
 */
export function isSelected(flow: FlowEntry, selection: FlowSelection): boolean {
  const { address, from, to } = selection;
  return (
    isWithin(flow.replyDestination, address, 8 * address.byteLength) &&
    !isWithin(flow.origSource, flow.replyDestination, 8 * address.byteLength) &&
    (from === null || isWithin(flow.origSource, from.address, from.length)) &&
    (to === null || isWithin(flow.origDestination, to.address, to.length))
  );
}

interface Figures {
  readonly durationUs: number;
  readonly flows: number | null;
}

function outcomeOf(ack: Ack, figures: Figures): OrderOutcome {
  if (ack.kind === "ok") return { kind: "done", shadowedByTable: null, ...figures };
  return { kind: "rejected", reason: "kernel", errno: ack.errno, words: wordsOf(ack) };
}
