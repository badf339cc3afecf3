/**
 * The worker's hands on the network: takes orders and watch requests from the controller, tells it
 * of link changes at once and of the whole state when that changed. Opens nothing before the first
 * request, so that an agent without policies touches no netlink socket. Events only start a
 * re-read; what they say themselves may be old already.
 */

import { US_PER_MS, US_PER_S } from "../../domain/units.ts";
import type { FrameHeader } from "../../wire/frame.ts";
import { decodeJson, encodeBody, encodeText, FRAME } from "../../wire/frame.ts";
import type { LinkChange, NetOrder, NetWatch, OrderOutcome } from "../../wire/net-frames.ts";
import { readNetOrder, readNetWatch } from "../../wire/net-frames.ts";
import { netJson } from "../../wire/net-json.ts";
import { ERRNO } from "../kernel.ts";
import { interfaceIndex, monotonicNow } from "../libc.ts";
import { CarrierWatch } from "./carrier-watch.ts";
import { EventSocket } from "./event-socket.ts";
import { eventOf } from "./events.ts";
import { FlowReset } from "./flow-reset.ts";
import { readLink } from "./kernel-tables.ts";
import { LinkLiveness } from "./link-liveness.ts";
import { NETLINK_NETFILTER, NETLINK_ROUTE, NetlinkSocket, wordsOf } from "./netlink-socket.ts";
import { executeOrder } from "./order-executor.ts";
import { ReadAgain } from "./read-again.ts";
import { readKernelState } from "./state-reader.ts";
import { sysCarrierFiles } from "./sys-carrier.ts";

export interface NetworkPorts {
  readonly generation: number;
  /** To the controller; never waits. */
  readonly push: (frame: Uint8Array) => void;
  /** Adds a descriptor to the loop's sleep. */
  readonly watch: (fd: number, onReady: () => void) => void;
}

interface Sockets {
  readonly requests: NetlinkSocket;
  readonly events: EventSocket;
  readonly flows: FlowReset;
}

const NOTHING: NetWatch = { devices: [], activeDevices: [], learnTables: [] };

export class Network {
  readonly #ports: NetworkPorts;
  readonly #liveness = new LinkLiveness();
  readonly #carriers = new CarrierWatch(sysCarrierFiles);
  readonly #again = new ReadAgain({
    quietUs: 5 * US_PER_MS,
    waitMaxUs: 50 * US_PER_MS,
    everyUs: 60 * US_PER_S,
  });
  #sockets: Sockets | null = null;
  #problem = "netlink is not open";
  #watched = NOTHING;
  #knownState = "";

  constructor(ports: NetworkPorts) {
    this.#ports = ports;
  }

  /** A frame of the controller; other types are not for us. */
  take(frame: Uint8Array, header: FrameHeader): void {
    if (header.type === FRAME.netWatch) {
      const watch = readNetWatch(decodeJson(frame));
      if (watch !== null) this.#watch(watch);
    }
    if (header.type === FRAME.netOrder) {
      const order = readNetOrder(decodeJson(frame));
      this.#open();
      const number = header.aux;
      const conclude = (outcome: OrderOutcome) =>
        this.#tell(FRAME.orderOutcome, { ...outcome, atUs: monotonicNow() }, number);
      const outcome = this.#execute(order, conclude);
      if (outcome !== null) conclude(outcome);
    }
  }

  /** What is due: carrier reads, a re-read of the state, a slice of flows. */
  tick(nowUs: number): void {
    if (this.#sockets === null) return;
    for (const { device, hasCarrier } of this.#carriers.check(nowUs)) {
      if (hasCarrier) this.#again.now(nowUs);
      else this.#tellLinks(this.#liveness.lost(device, { source: "read", atUs: nowUs }));
      this.#again.mark(nowUs);
    }
    if (this.#sockets.flows.isBusy) this.#sockets.flows.step();
    if (this.#again.isDue(nowUs)) this.#report(nowUs);
  }

  /** How long the loop may sleep, us; Infinity while nothing was asked of us. */
  waitUs(nowUs: number): number {
    if (this.#sockets === null) return Number.POSITIVE_INFINITY;
    if (this.#sockets.flows.isBusy) return 0;
    return Math.max(0, Math.min(this.#carriers.nextDueUs(), this.#again.nextDueUs()) - nowUs);
  }

  close(): void {
    this.#carriers.close();
    this.#sockets?.requests.close();
    this.#sockets?.events.close();
    this.#sockets?.flows.close();
    this.#sockets = null;
  }

  #open(): void {
    if (this.#sockets !== null) return;
    const requests = NetlinkSocket.open(NETLINK_ROUTE);
    const events = EventSocket.open();
    if (requests.kind === "refused" || events.kind === "refused") {
      for (const one of [requests, events]) if (one.kind === "ok") one.value.close();
      const refusal = requests.kind === "refused" ? requests : events;
      this.#problem = refusal.kind === "refused" ? `cannot open netlink: ${wordsOf(refusal)}` : "";
      return;
    }
    const flows = new FlowReset({
      open: () => NetlinkSocket.open(NETLINK_NETFILTER),
      now: monotonicNow,
    });
    this.#sockets = { requests: requests.value, events: events.value, flows };
    this.#ports.watch(events.value.fd, () => this.#readEvents());
    this.#again.now(monotonicNow());
  }

  #watch(watch: NetWatch): void {
    this.#open();
    this.#watched = watch;
    const nowUs = monotonicNow();
    this.#liveness.setDevices(watch.devices);
    this.#carriers.setDevices(this.#sockets === null ? [] : watch.activeDevices, nowUs);
    // Asked for means answered, also when nothing changed.
    this.#knownState = "";
    if (this.#sockets === null) this.#tellProblem(nowUs);
    else this.#report(nowUs);
  }

  /** null: the outcome comes later, through `conclude`. */
  #execute(order: NetOrder | null, conclude: (outcome: OrderOutcome) => void): OrderOutcome | null {
    if (order === null) return rejected("not-ours", "cannot read the order");
    if (this.#sockets === null) return rejected("unavailable", this.#problem);
    const { requests, flows } = this.#sockets;
    if (order.kind === "delete-flows") {
      flows.start(order.flows, conclude);
      return null;
    }
    if (order.kind === "report") return this.#reportAnyway();
    const ports = { socket: requests, now: monotonicNow, indexOf: interfaceIndex };
    return executeOrder(ports, order);
  }

  #reportAnyway(): OrderOutcome {
    const startUs = monotonicNow();
    this.#knownState = "";
    this.#report(startUs);
    const durationUs = monotonicNow() - startUs;
    return { kind: "done", durationUs, shadowedByTable: null, flows: null };
  }

  #readEvents(): void {
    const nowUs = monotonicNow();
    this.#sockets?.events.drain({
      lost: () => this.#again.now(nowUs),
      event: (message) => {
        const event = eventOf(message, this.#watched.learnTables);
        if (event === null) return;
        this.#again.mark(nowUs);
        if (event.kind === "link" && this.#liveness.concerns(event.link)) {
          this.#lookAt(event.link.index, nowUs);
        }
      },
    });
  }

  /** The event may be older than what a carrier read showed: the kernel is asked. */
  #lookAt(index: number, atUs: number): void {
    if (this.#sockets === null) return;
    const answer = readLink(this.#sockets.requests, index);
    const sighting = { source: "event", atUs } as const;
    if (answer.kind === "ok") this.#tellLinks(this.#liveness.seen(answer.value, sighting));
    else if (answer.errno === ERRNO.ENODEV) this.#tellLinks(this.#liveness.gone(index, sighting));
  }

  #report(nowUs: number): void {
    if (this.#sockets === null) return;
    this.#again.done(nowUs);
    const state = readKernelState(this.#sockets.requests, this.#watched);
    this.#tellLinks(this.#liveness.all(state.links, { source: "dump", atUs: nowUs }));
    this.#tellState({ ...state, canResetFlows: this.#sockets.flows.isAvailable }, nowUs);
  }

  #tellProblem(nowUs: number): void {
    const nothing = { links: [], addresses: [], routes: [], rules: [], confs: [] };
    this.#tellState({ ...nothing, canResetFlows: false, problems: [this.#problem] }, nowUs);
  }

  #tellState(state: object, atUs: number): void {
    const text = netJson(state);
    if (text === this.#knownState) return;
    this.#knownState = text;
    const dated = `{"atUs":${atUs},${text.slice(1)}`;
    const { generation, push } = this.#ports;
    for (const frame of encodeText(FRAME.netState, dated, generation)) push(frame);
  }

  #tellLinks(changes: readonly LinkChange[]): void {
    for (const change of changes) this.#tell(FRAME.linkChange, change, 0);
  }

  #tell(
    type: typeof FRAME.linkChange | typeof FRAME.orderOutcome,
    body: object,
    aux: number,
  ): void {
    const { generation, push } = this.#ports;
    push(encodeBody(type, generation, netJson(body), { aux, aux2: 0 }));
  }
}

function rejected(reason: "not-ours" | "unavailable", words: string): OrderOutcome {
  return { kind: "rejected", reason, errno: 0, words };
}
