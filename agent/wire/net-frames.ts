/**
 * What controller and worker say to each other about routes: a request to watch, one order per
 * frame with its outcome, link changes at once, and the whole state whenever it changed. All rare,
 * hence JSON.
 */

import type {
  Family,
  KernelAddress,
  KernelLink,
  KernelRoute,
  KernelRule,
} from "../domain/kernel-net.ts";
import type { Raw } from "./net-json.ts";
import {
  addressAt,
  amountAt,
  countAt,
  countsAt,
  deviceAt,
  familyAt,
  flagAt,
  lengthAt,
  listAt,
  orNull,
  rawOf,
  readAddress,
  readLink,
  readOrNull,
  readRoute,
  readRule,
  textAt,
  textsAt,
} from "./net-json.ts";

/** The controller wants to know about these devices from now on. */
export interface NetWatch {
  /** Devices of the configured paths. */
  readonly devices: readonly string[];
  /** Those that carry traffic now: their carrier is read every 20 ms. */
  readonly activeDevices: readonly string[];
  /** Tables whose default routes tell gateways; usually main alone. */
  readonly learnTables: readonly number[];
}

export interface Prefix {
  readonly address: Uint8Array;
  readonly length: number;
}

/** Flows that leave with the reply destination `address`. */
export interface FlowSelection {
  readonly family: Family;
  readonly address: Uint8Array;
  /** Of the policy that moved; null: any. With both null IPv4 needs one message only. */
  readonly from: Prefix | null;
  readonly to: Prefix | null;
}

export type NetOrder =
  /**
   * Moves traffic: link checked before, read back after. `canary` is an address that no narrower
   * rule or route takes; null (policies with selectors): the table is read instead.
   */
  | {
      readonly kind: "switch-route";
      readonly route: KernelRoute;
      readonly canary: Uint8Array | null;
    }
  | { readonly kind: "apply-route"; readonly route: KernelRoute }
  | { readonly kind: "delete-route"; readonly route: KernelRoute }
  | { readonly kind: "apply-rule"; readonly rule: KernelRule }
  | { readonly kind: "delete-rule"; readonly rule: KernelRule }
  | {
      readonly kind: "set-link";
      readonly device: string;
      readonly rpFilter: number | null;
      readonly ignoreRoutesWithLinkdown: boolean | null;
    }
  | { readonly kind: "delete-flows"; readonly flows: FlowSelection }
  /** The state frames are sent before the outcome. */
  | { readonly kind: "report" };

/** Why an order was not carried out. */
export type RejectReason =
  /** A table, priority or protocol that is not ours, or a field that makes no sense. */
  | "not-ours"
  /** The device is absent, down or without carrier; nothing was written. */
  | "link"
  /** The kernel refused; what was there stays. */
  | "kernel"
  /** Accepted, and yet not what the kernel shows afterwards. */
  | "unverified"
  /** No netlink socket of that kind here. */
  | "unavailable";

export type OrderOutcome =
  | {
      readonly kind: "done";
      /** From the receipt of the order to the verified state. */
      readonly durationUs: number;
      /** A route of this table takes the canary before ours, e.g. 0.0.0.0/1 of a VPN in main. */
      readonly shadowedByTable: number | null;
      /** Deleted flows where the kernel tells; else null. */
      readonly flows: number | null;
      /** The moment of the verified state, monotonic us: its reader may look later. */
      readonly atUs?: number;
    }
  | {
      readonly kind: "rejected";
      readonly reason: RejectReason;
      /** 0: the refusal is ours. */
      readonly errno: number;
      /** The kernel's own where there are some. */
      readonly words: string;
    };

/** A path device came alive, died or went away. */
export interface LinkChange {
  readonly device: string;
  /** null: the device is gone. */
  readonly index: number | null;
  readonly isAlive: boolean;
  /** Told by the kernel, or found by the carrier read that its events are delayed against. */
  readonly source: "event" | "read" | "dump";
  /** Monotonic. */
  readonly atUs: number;
}

/** Reverse path filter and linkdown setting of IPv4 as they are in force for a device. */
export interface LinkConf {
  /** 0: all devices. */
  readonly index: number;
  readonly rpFilter: number;
  readonly ignoreRoutesWithLinkdown: boolean;
}

export interface NetState {
  /** Monotonic. */
  readonly atUs: number;
  readonly links: readonly KernelLink[];
  readonly addresses: readonly KernelAddress[];
  /** Our tables whole, and the routes of length 0 and 1 of the tables to learn from. */
  readonly routes: readonly KernelRoute[];
  /** All rules, so that missing foreign ones show too. */
  readonly rules: readonly KernelRule[];
  readonly confs: readonly LinkConf[];
  /** Flows can be deleted here. */
  readonly canResetFlows: boolean;
  /** Dumps that failed, as sentences; what they would have told is missing above. */
  readonly problems: readonly string[];
}

// --- reading -------------------------------------------------------------------------------------

export function readNetWatch(body: unknown): NetWatch | null {
  return readOrNull(() => {
    const raw = rawOf(body);
    return {
      devices: devicesAt(raw, "devices"),
      activeDevices: devicesAt(raw, "activeDevices"),
      learnTables: countsAt(raw, "learnTables"),
    };
  });
}

function devicesAt(raw: Raw, name: string): string[] {
  return textsAt(raw, name).map((device) => deviceAt({ device }, "device"));
}

export function readNetOrder(body: unknown): NetOrder | null {
  return readOrNull(() => orderOf(rawOf(body)));
}

function orderOf(raw: Raw): NetOrder | null {
  const kind = textAt(raw, "kind");
  switch (kind) {
    case "switch-route": {
      const route = readRoute(rawOf(raw["route"]));
      return { kind, route, canary: orNull(raw, "canary", () => canaryOf(raw, route.family)) };
    }
    case "apply-route":
    case "delete-route":
      return { kind, route: readRoute(rawOf(raw["route"])) };
    case "apply-rule":
    case "delete-rule":
      return { kind, rule: readRule(rawOf(raw["rule"])) };
    case "set-link":
      return {
        kind,
        device: deviceAt(raw, "device"),
        rpFilter: orNull(raw, "rpFilter", () => countAt(raw, "rpFilter")),
        ignoreRoutesWithLinkdown: orNull(raw, "ignoreRoutesWithLinkdown", () =>
          flagAt(raw, "ignoreRoutesWithLinkdown"),
        ),
      };
    case "delete-flows":
      return { kind, flows: flowsOf(rawOf(raw["flows"])) };
    case "report":
      return { kind };
    default:
      return null;
  }
}

function canaryOf(raw: Raw, family: Family): Uint8Array {
  return addressAt(raw, "canary", family);
}

function flowsOf(raw: Raw): FlowSelection {
  const family = familyAt(raw, "family");
  const prefixAt = (name: string): Prefix => {
    const prefix = rawOf(raw[name]);
    const address = addressAt(prefix, "address", family);
    return { address, length: lengthAt(prefix, "length", family) };
  };
  return {
    family,
    address: addressAt(raw, "address", family),
    from: orNull(raw, "from", () => prefixAt("from")),
    to: orNull(raw, "to", () => prefixAt("to")),
  };
}

const REASONS: readonly RejectReason[] = [
  "not-ours",
  "link",
  "kernel",
  "unverified",
  "unavailable",
];

export function readOrderOutcome(body: unknown): OrderOutcome | null {
  return readOrNull(() => {
    const raw = rawOf(body);
    const kind = textAt(raw, "kind");
    if (kind === "done") {
      return {
        kind,
        durationUs: amountAt(raw, "durationUs"),
        shadowedByTable: orNull(raw, "shadowedByTable", () => countAt(raw, "shadowedByTable")),
        flows: orNull(raw, "flows", () => countAt(raw, "flows")),
        ...(raw["atUs"] === undefined ? {} : { atUs: amountAt(raw, "atUs") }),
      };
    }
    const reason = REASONS.find((known) => known === raw["reason"]);
    if (kind !== "rejected" || reason === undefined) return null;
    return { kind, reason, errno: countAt(raw, "errno"), words: textAt(raw, "words") };
  });
}

const SOURCES: readonly LinkChange["source"][] = ["event", "read", "dump"];

export function readLinkChange(body: unknown): LinkChange | null {
  return readOrNull(() => {
    const raw = rawOf(body);
    const source = SOURCES.find((known) => known === raw["source"]);
    if (source === undefined) return null;
    return {
      device: deviceAt(raw, "device"),
      index: orNull(raw, "index", () => countAt(raw, "index")),
      isAlive: flagAt(raw, "isAlive"),
      source,
      atUs: amountAt(raw, "atUs"),
    };
  });
}

export function readNetState(body: unknown): NetState | null {
  return readOrNull(() => {
    const raw = rawOf(body);
    return {
      atUs: amountAt(raw, "atUs"),
      links: listAt(raw, "links", readLink),
      addresses: listAt(raw, "addresses", readAddress),
      routes: listAt(raw, "routes", readRoute),
      rules: listAt(raw, "rules", readRule),
      confs: listAt(raw, "confs", readConf),
      canResetFlows: flagAt(raw, "canResetFlows"),
      problems: textsAt(raw, "problems"),
    };
  });
}

function readConf(raw: Raw): LinkConf {
  return {
    index: countAt(raw, "index"),
    rpFilter: countAt(raw, "rpFilter"),
    ignoreRoutesWithLinkdown: flagAt(raw, "ignoreRoutesWithLinkdown"),
  };
}
