/** What a device has received, from sysfs: readable without any privilege. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { RxCount } from "../controller/probe-blocked/evidence.ts";

/** null: there is no such device. */
export function readRxCount(device: string, sys = "/sys/class/net"): RxCount | null {
  const read = (name: string) =>
    Number(readFileSync(join(sys, device, "statistics", name), "utf8").trim());
  try {
    return { packets: read("rx_packets"), multicast: read("multicast") };
  } catch {
    return null;
  }
}
