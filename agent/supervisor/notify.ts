/**
 * sd_notify(3) over FFI: state messages wait up to a second (they must arrive), the watchdog's do
 * not (a full queue means that systemd is behind, not that we are dead).
 */

import {
  AF_UNIX,
  cString,
  MSG_DONTWAIT,
  MSG_NOSIGNAL,
  monotonicNow,
  openSocket,
  SOCK_CLOEXEC,
  SOCK_DGRAM,
  sendBytesTo,
  setOptionBytes,
} from "../worker/libc.ts";

const SOL_SOCKET = 1;
const SO_SNDTIMEO = 21;

export interface Notifier {
  ready(): void;
  reloading(): void;
  stopping(): void;
  watchdog(): void;
  status(text: string): void;
}

const SILENT: Notifier = {
  ready() {},
  reloading() {},
  stopping() {},
  watchdog() {},
  status() {},
};

/** `address`: the value of NOTIFY_SOCKET; undefined or unusable gives a silent notifier. */
export function openNotifier(address: string | undefined): Notifier {
  if (address === undefined || !/^[/@]/.test(address)) return SILENT;
  const opened = openSocket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (opened.kind === "failed") return SILENT;
  const oneSecond = new Uint8Array(16);
  oneSecond[0] = 1;
  setOptionBytes(opened.fd, SOL_SOCKET, SO_SNDTIMEO, oneSecond);
  const to = unixAddress(address);
  const send = (text: string, flags: number) => {
    sendBytesTo(opened.fd, new TextEncoder().encode(text), flags | MSG_NOSIGNAL, to);
  };
  return {
    ready: () => send("READY=1", 0),
    reloading: () => send(`RELOADING=1\nMONOTONIC_USEC=${Math.floor(monotonicNow())}`, 0),
    stopping: () => send("STOPPING=1", 0),
    watchdog: () => send("WATCHDOG=1", MSG_DONTWAIT),
    status: (text) => send(`STATUS=${text.replaceAll("\n", " ")}`, MSG_DONTWAIT),
  };
}

/** sockaddr_un: u16 family, then the path with its NUL, or a NUL and the abstract name. */
function unixAddress(address: string): Uint8Array {
  const name = address.startsWith("@")
    ? new TextEncoder().encode(`\0${address.slice(1)}`)
    : cString(address);
  const bytes = new Uint8Array(2 + name.byteLength);
  bytes[0] = AF_UNIX;
  bytes.set(name, 2);
  return bytes;
}
