/** The TUN device of the lab: whole IP packets in and out, no address of its own. */

import {
  closeFd,
  cString,
  ioctlBytes,
  openFile,
  readFd,
  writeFd,
} from "../../../agent/worker/libc.ts";

const O_RDWR = 2;
const O_NONBLOCK = 0o4000;
const TUNSETIFF = 0x400454ca;
const TUNSETCARRIER = 0x400454e2;
/** IFF_TUN | IFF_NO_PI: IP packets without a header of the driver's. */
const FLAGS = 0x1001;
const IFREQ_OCTETS = 40;
const IFREQ_FLAGS_AT = 16;
/** The default MTU of a TUN device. */
const PACKET_MAX = 1_500;

export interface Tun {
  readonly fd: number;
  /** A packet in a buffer that the next call reuses; null: none waits. */
  read(): Uint8Array | null;
  /** False when the kernel does not take it. */
  write(packet: Uint8Array): boolean;
  /** 0 or errno. */
  setCarrier(isOn: boolean): number;
  close(): void;
}

/** Throws when the kernel refuses. */
export function openTun(name: string): Tun {
  const opened = openFile("/dev/net/tun", O_RDWR | O_NONBLOCK);
  if (opened.kind === "failed") throw new Error(`open /dev/net/tun: errno ${opened.errno}`);
  const { fd } = opened;
  const request = new Uint8Array(IFREQ_OCTETS);
  request.set(cString(name));
  new DataView(request.buffer).setUint16(IFREQ_FLAGS_AT, FLAGS, true);
  const errno = ioctlBytes(fd, TUNSETIFF, request);
  if (errno !== 0) {
    closeFd(fd);
    throw new Error(`make device ${name}: errno ${errno}`);
  }
  const buffer = new Uint8Array(PACKET_MAX);
  return {
    fd,
    read() {
      const octets = readFd(fd, buffer);
      return octets > 0 ? buffer.subarray(0, octets) : null;
    },
    write: (packet) => writeFd(fd, packet) === packet.byteLength,
    setCarrier: (isOn) => ioctlBytes(fd, TUNSETCARRIER, Uint8Array.of(isOn ? 1 : 0, 0, 0, 0)),
    close: () => closeFd(fd),
  };
}
