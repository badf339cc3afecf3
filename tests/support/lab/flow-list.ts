/** Run inside a namespace: prints its conntrack entries, one `SOURCE>DESTINATION=REPLY` a line. */

import { formatAddress } from "../../../agent/domain/address.ts";
import { decodeFlow, encodeFlowDump } from "../../../agent/wire/netlink-conntrack.ts";
import { NETLINK_NETFILTER, NetlinkSocket } from "../../../agent/worker/netlink/netlink-socket.ts";

const opened = NetlinkSocket.open(NETLINK_NETFILTER);
if (opened.kind === "refused") throw new Error(`cannot open netlink: errno ${opened.errno}`);
for (const family of [4, 6] as const) {
  const answer = opened.value.dump(encodeFlowDump(family), decodeFlow);
  if (answer.kind === "refused") throw new Error(`cannot read flows: errno ${answer.errno}`);
  const text = (bytes: Uint8Array) => formatAddress({ family, bytes, zone: null });
  for (const flow of answer.value) {
    const [source, destination] = [text(flow.origSource), text(flow.origDestination)];
    process.stdout.write(`${source}>${destination}=${text(flow.replyDestination)}\n`);
  }
}
