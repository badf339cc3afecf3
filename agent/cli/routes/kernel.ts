/** The kernel's rules and routes, read and changed by a command of its own, without an agent. */

import { TABLE_MAIN } from "../../domain/kernel-net.ts";
import { uninstall } from "../../routing/diff.ts";
import type { RememberedLink } from "../../routing/link-settings.ts";
import { restoreLinkSettings } from "../../routing/link-settings.ts";
import type { RouteOperation } from "../../routing/operation.ts";
import { ffiProblem, interfaceIndex, monotonicNow } from "../../worker/libc.ts";
import type { Requests } from "../../worker/netlink/kernel-tables.ts";
import { NETLINK_ROUTE, NetlinkSocket, wordsOf } from "../../worker/netlink/netlink-socket.ts";
import { executeOrder } from "../../worker/netlink/order-executor.ts";
import type { KernelState } from "../../worker/netlink/state-reader.ts";
import { readKernelState } from "../../worker/netlink/state-reader.ts";

export interface Kernel {
  /** With the settings of these devices. */
  read(devices: readonly string[]): KernelState;
  /** null, or why it was not done. */
  carryOut(operation: RouteOperation): string | null;
  /** For what is outside of the agent's tables and priorities. */
  readonly socket: Requests;
  close(): void;
}

export type OpenedKernel =
  | { readonly kind: "ok"; readonly kernel: Kernel }
  | { readonly kind: "refused"; readonly message: string };

export function openKernel(): OpenedKernel {
  const problem = ffiProblem();
  if (problem !== null) return { kind: "refused", message: problem };
  const opened = NetlinkSocket.open(NETLINK_ROUTE);
  if (opened.kind === "refused") {
    return { kind: "refused", message: `cannot open netlink: ${wordsOf(opened)}` };
  }
  const socket = opened.value;
  const ports = { socket, now: monotonicNow, indexOf: interfaceIndex };
  return {
    kind: "ok",
    kernel: {
      socket,
      read: (devices) => readKernelState(socket, { devices, learnTables: [TABLE_MAIN] }),
      carryOut(operation) {
        const outcome = executeOrder(ports, operation);
        return outcome.kind === "done" ? null : outcome.words;
      },
      close: () => socket.close(),
    },
  };
}

/** All that takes us out of the kernel, in order: rules and routes, then the devices' settings. */
export function removal(
  state: KernelState,
  remembered: readonly RememberedLink[],
): readonly RouteOperation[] {
  return [...uninstall(state), ...restoreLinkSettings(state.links, state.confs, remembered)];
}
