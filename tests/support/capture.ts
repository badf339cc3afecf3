/** Stamps of ICMP echoes as packet captures show them. Reads the pcap format with ns stamps. */

const PCAP_NS = 0xa1b2_3c4d;
const LINK_HEADER = 14;
const IPV4_HEADER = 20;

export const ECHO_REQUEST = 8;
export const ECHO_REPLY = 0;

/** us (since a moment common to all captures of the day) of every echo of a type, by its number. */
export function echoStampsOf(pcap: Uint8Array, type: number): Map<number, number> {
  const view = new DataView(pcap.buffer, pcap.byteOffset, pcap.byteLength);
  if (view.getUint32(0, true) !== PCAP_NS) throw new Error("not a pcap file with ns stamps");
  const stamps = new Map<number, number>();
  for (let at = 24; at + 16 <= pcap.byteLength; ) {
    const seconds = view.getUint32(at, true) % 1e6;
    const icmp = at + 16 + LINK_HEADER + IPV4_HEADER;
    if (pcap[icmp] === type) {
      stamps.set(view.getUint16(icmp + 6), seconds * 1e6 + view.getUint32(at + 4, true) / 1e3);
    }
    at += 16 + view.getUint32(at + 8, true);
  }
  return stamps;
}
