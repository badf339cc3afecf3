/**
 * Run inside a namespace: holds TUN devices named on the command line, with carrier, and obeys
 * lines `DEVICE 0|1` on stdin; answers each with the monotonic us just before the change.
 */

import { monotonicNow } from "../../../agent/worker/libc.ts";
import type { Tun } from "./tun.ts";
import { openTun } from "./tun.ts";

const tuns = new Map<string, Tun>(process.argv.slice(2).map((name) => [name, openTun(name)]));
for (const tun of tuns.values()) tun.setCarrier(true);
process.stdout.write("ready\n");
for await (const line of console) {
  const [name = "", carrier] = line.split(" ");
  const beforeUs = monotonicNow();
  const errno = tuns.get(name)?.setCarrier(carrier === "1");
  process.stdout.write(errno === 0 ? `${beforeUs}\n` : `refused ${errno}\n`);
}
