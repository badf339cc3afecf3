/**
 * The worker's netlink side for the controller's tests: takes the frames of watch requests and
 * orders, carries them out in a model of the kernel, and answers with frames like the real one.
 */

import { isLinkAlive } from "../../agent/domain/kernel-net.ts";
import type { KernelFacts } from "../../agent/routing/facts.ts";
import { decodeJson, encodeBody, encodeText, FRAME, readHeader } from "../../agent/wire/frame.ts";
import type {
  LinkChange,
  LinkConf,
  NetOrder,
  NetWatch,
  OrderOutcome,
} from "../../agent/wire/net-frames.ts";
import { readNetOrder, readNetWatch } from "../../agent/wire/net-frames.ts";
import { netJson } from "../../agent/wire/net-json.ts";
import { applyOne } from "./kernel-model.ts";

const DONE: OrderOutcome = { kind: "done", durationUs: 100, shadowedByTable: null, flows: null };

export class FakeNetWorker {
  facts: KernelFacts;
  confs: readonly LinkConf[];
  problems: readonly string[] = [];
  canResetFlows = true;
  watch: NetWatch | null = null;
  readonly orders: NetOrder[] = [];
  /** Frames for the controller, until it reads them. */
  readonly out: Uint8Array[] = [];
  /** Refuses an order with these words; null: takes it. */
  refuse: (order: NetOrder) => string | null = () => null;
  #atUs = 0;

  constructor(facts: KernelFacts) {
    this.facts = facts;
    this.confs = [0, ...facts.links.map(({ index }) => index)].map((index) => ({
      index,
      rpFilter: 0,
      ignoreRoutesWithLinkdown: false,
    }));
  }

  /** As the controller's channel. */
  send(frame: Uint8Array): void {
    const header = readHeader(frame);
    if (header?.type === FRAME.netWatch) {
      this.watch = readNetWatch(decodeJson(frame));
      this.report();
    }
    if (header?.type !== FRAME.netOrder) return;
    const order = readNetOrder(decodeJson(frame));
    if (order === null) throw new Error("the worker cannot read the order");
    const outcome = this.#execute(order);
    const aux = { aux: header.aux, aux2: 0 };
    this.out.push(encodeBody(FRAME.orderOutcome, header.generation, netJson(outcome), aux));
  }

  report(): void {
    const { links, addresses, routes, rules } = this.facts;
    const { confs, canResetFlows, problems } = this;
    const state = { links, addresses, routes, rules, confs, canResetFlows, problems };
    const known = problems.length === 0 ? state : { ...state, links: [], routes: [], rules: [] };
    const text = netJson({ atUs: ++this.#atUs, ...known });
    this.out.push(...encodeText(FRAME.netState, text, 1));
  }

  tellLink(device: string): void {
    const link = this.facts.links.find(({ name }) => name === device);
    const isAlive = link !== undefined && isLinkAlive(link);
    const index = link?.index ?? null;
    const change: LinkChange = { device, index, isAlive, source: "event", atUs: ++this.#atUs };
    this.out.push(encodeBody(FRAME.linkChange, 1, netJson(change), { aux: 0, aux2: 0 }));
  }

  #execute(order: NetOrder): OrderOutcome {
    if (order.kind === "report") {
      this.report();
      return DONE;
    }
    this.orders.push(order);
    const words = this.refuse(order);
    if (words !== null) return { kind: "rejected", reason: "kernel", errno: 22, words };
    switch (order.kind) {
      case "switch-route":
        this.facts = applyOne(this.facts, { kind: "apply-route", route: order.route });
        break;
      case "delete-flows":
        break;
      case "set-link":
        this.#set(order);
        break;
      default:
        this.facts = applyOne(this.facts, order);
    }
    return DONE;
  }

  #set({
    device,
    rpFilter,
    ignoreRoutesWithLinkdown,
  }: Extract<NetOrder, { kind: "set-link" }>): void {
    const index = this.facts.links.find(({ name }) => name === device)?.index ?? -1;
    this.confs = this.confs.map((conf) =>
      conf.index !== index
        ? conf
        : {
            index,
            rpFilter: rpFilter ?? conf.rpFilter,
            ignoreRoutesWithLinkdown: ignoreRoutesWithLinkdown ?? conf.ignoreRoutesWithLinkdown,
          },
    );
  }
}
