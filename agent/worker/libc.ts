/**
 * Every bun:ffi symbol of the program. Pointers and errno do not leave this file: the functions
 * below take numbers and typed arrays and answer with values. The library name must be exactly
 * `libc.so.6`: it resolves on glibc and musl, any other name falls back to a file in the working
 * directory. FFI needs the JIT (no MemoryDenyWriteExecute, no `ulimit -v`); see `ffiProblem`.
 */

import type { Pointer } from "bun:ffi";
import { dlopen, ptr, read } from "bun:ffi";
import { invariant } from "../domain/invariant.ts";
import type { Instant } from "../domain/units.ts";
import { instant } from "../domain/units.ts";

const SYMBOLS = {
  __errno_location: { args: [], returns: "ptr" },
  clock_gettime: { args: ["i32", "ptr"], returns: "i32" },
  adjtimex: { args: ["ptr"], returns: "i32" },
  socket: { args: ["i32", "i32", "i32"], returns: "i32" },
  socketpair: { args: ["i32", "i32", "i32", "ptr"], returns: "i32" },
  bind: { args: ["i32", "ptr", "u32"], returns: "i32" },
  getsockname: { args: ["i32", "ptr", "ptr"], returns: "i32" },
  setsockopt: { args: ["i32", "i32", "i32", "ptr", "u32"], returns: "i32" },
  getsockopt: { args: ["i32", "i32", "i32", "ptr", "ptr"], returns: "i32" },
  send: { args: ["i32", "ptr", "u64", "i32"], returns: "i64" },
  sendto: { args: ["i32", "ptr", "u64", "i32", "ptr", "u32"], returns: "i64" },
  recv: { args: ["i32", "ptr", "u64", "i32"], returns: "i64" },
  sendmmsg: { args: ["i32", "ptr", "u32", "i32"], returns: "i32" },
  recvmmsg: { args: ["i32", "ptr", "u32", "i32", "ptr"], returns: "i32" },
  recvmsg: { args: ["i32", "ptr", "i32"], returns: "i64" },
  ppoll: { args: ["ptr", "u64", "ptr", "ptr"], returns: "i32" },
  open: { args: ["ptr", "i32", "i32"], returns: "i32" },
  read: { args: ["i32", "ptr", "u64"], returns: "i64" },
  pread: { args: ["i32", "ptr", "u64", "i64"], returns: "i64" },
  write: { args: ["i32", "ptr", "u64"], returns: "i64" },
  close: { args: ["i32"], returns: "i32" },
  ioctl: { args: ["i32", "u64", "ptr"], returns: "i32" },
  fcntl: { args: ["i32", "i32", "i32"], returns: "i32" },
  flock: { args: ["i32", "i32"], returns: "i32" },
  memfd_create: { args: ["ptr", "u32"], returns: "i32" },
  if_nametoindex: { args: ["ptr"], returns: "u32" },
  signal: { args: ["i32", "ptr"], returns: "ptr" },
  alarm: { args: ["u32"], returns: "u32" },
  getppid: { args: [], returns: "i32" },
  madvise: { args: ["u64", "u64", "i32"], returns: "i32" },
  getuid: { args: [], returns: "u32" },
  prctl: { args: ["i32", "u64", "u64", "u64", "u64"], returns: "i32" },
  capget: { args: ["ptr", "ptr"], returns: "i32" },
  capset: { args: ["ptr", "ptr"], returns: "i32" },
  setgroups: { args: ["u64", "ptr"], returns: "i32" },
  execve: { args: ["ptr", "ptr", "ptr"], returns: "i32" },
  syscall: { args: ["i64", "i64", "ptr", "u64"], returns: "i32" },
} as const;

function openLibc() {
  return dlopen("libc.so.6", SYMBOLS).symbols;
}

type Libc = ReturnType<typeof openLibc>;

let loaded: Libc | null = null;

/** Opened at the first call (0.3 ms), so that commands without FFI never pay for it. */
function libc(): Libc {
  loaded ??= openLibc();
  return loaded;
}

/** null when FFI works; else why not, for the operator. */
export function ffiProblem(): string | null {
  try {
    libc().getppid();
    return null;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return `cannot use bun:ffi: ${reason} (is the JIT off: MemoryDenyWriteExecute, ulimit -v?)`;
  }
}

export type ByteView =
  | Uint8Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | Float64Array
  | BigInt64Array;

/** errno of the call before; read it in the very next statement. */
export function lastErrno(): number {
  const at = libc().__errno_location();
  return at === null ? 0 : read.i32(at, 0);
}

/** The address of a buffer that lives as long as the process: for message structs in arenas. */
export function addressOf(buffer: ByteView): number {
  return ptr(buffer);
}

export function cString(text: string): Uint8Array {
  return new TextEncoder().encode(`${text}\0`);
}

// --- time ----------------------------------------------------------------------------------------

const CLOCK_REALTIME = 0;
const CLOCK_MONOTONIC = 1;
const CLOCK_BOOTTIME = 7;
/** struct timespec as 32-bit words: low and high half of the seconds, then the nanoseconds. */
const timespec = new Uint32Array(4);

function readClock(id: number, baseSeconds = 0): number {
  libc().clock_gettime(id, timespec);
  const seconds = (timespec[1] ?? 0) * 2 ** 32 + (timespec[0] ?? 0);
  return (seconds - baseSeconds) * 1e6 + (timespec[2] ?? 0) / 1e3;
}

/** struct timex; all zero asks and changes nothing. */
const TIMEX_OCTETS = 208;
const TIME_ERROR = 5;

/** The kernel follows a source of time (NTP, PTP); false also where it may not be asked. */
export function isClockSynchronised(): boolean {
  const state = adjustTime(new Uint8Array(TIMEX_OCTETS));
  return state >= 0 && state !== TIME_ERROR;
}

/** CLOCK_MONOTONIC in us. */
export function monotonicNow(): Instant {
  return instant(readClock(CLOCK_MONOTONIC));
}

/** CLOCK_MONOTONIC plus the time in suspend, us: a jump of the difference is a suspend. */
export function boottimeNow(): number {
  return readClock(CLOCK_BOOTTIME);
}

/**
 * CLOCK_REALTIME in us since `baseSeconds` (Unix): only for differences against kernel stamps. A
 * base near now keeps the nanoseconds, which a double of 1.7e15 us cannot hold.
 */
export function realtimeNow(baseSeconds = 0): number {
  return readClock(CLOCK_REALTIME, baseSeconds);
}

/** Fills in a struct timex (modes 0 only reads); TIME_OK and so on, or -1: refused. */
export function adjustTime(timex: Uint8Array): number {
  return libc().adjtimex(timex);
}

// --- results -------------------------------------------------------------------------------------

/** A descriptor, or the errno of the refusal. */
export type FdResult =
  | { readonly kind: "ok"; readonly fd: number }
  | { readonly kind: "failed"; readonly errno: number };

function fdResult(fd: number): FdResult {
  return fd >= 0 ? { kind: "ok", fd } : { kind: "failed", errno: lastErrno() };
}

/** 0, or the errno of the failure. */
function errnoOf(result: number): number {
  return result === 0 ? 0 : lastErrno();
}

/** What a call answered, or -errno. */
function countOf(result: number | bigint): number {
  return result >= 0 ? Number(result) : -lastErrno();
}

// --- sockets -------------------------------------------------------------------------------------

export function openSocket(domain: number, type: number, protocol: number): FdResult {
  return fdResult(libc().socket(domain, type, protocol));
}

export function closeFd(fd: number): void {
  libc().close(fd);
}

/** 0 or errno. */
export function bindSocket(fd: number, address: Uint8Array): number {
  return errnoOf(libc().bind(fd, address, address.byteLength));
}

const lengthCell = new Uint32Array(1);

/** The sockaddr of the local end; null when the call fails. */
export function localAddress(fd: number): Uint8Array | null {
  const address = new Uint8Array(128);
  lengthCell[0] = address.byteLength;
  if (libc().getsockname(fd, address, lengthCell) !== 0) return null;
  return address.subarray(0, lengthCell[0]);
}

const intCell = new Int32Array(1);

/** 0 or errno. */
export function setOptionInt(fd: number, level: number, name: number, value: number): number {
  intCell[0] = value;
  return errnoOf(libc().setsockopt(fd, level, name, intCell, 4));
}

/** 0 or errno. */
export function setOptionBytes(fd: number, level: number, name: number, value: Uint8Array): number {
  return errnoOf(libc().setsockopt(fd, level, name, value, value.byteLength));
}

/** Octets sent of the first `octets`, or -errno. */
export function sendBytes(
  fd: number,
  bytes: Uint8Array,
  flags: number,
  octets = bytes.byteLength,
): number {
  return countOf(libc().send(fd, bytes, octets, flags));
}

/** Octets sent, or -errno. */
export function sendBytesTo(fd: number, bytes: Uint8Array, flags: number, to: Uint8Array): number {
  return countOf(libc().sendto(fd, bytes, bytes.byteLength, flags, to, to.byteLength));
}

/** Octets received (0: EOF on a stream or packet pair), or -errno. */
export function receiveBytes(fd: number, into: Uint8Array, flags: number): number {
  return countOf(libc().recv(fd, into, into.byteLength, flags));
}

/** Messages sent (at least 1), or -errno. `messages` is an array of struct mmsghdr. */
export function sendMessages(fd: number, messages: number, count: number, flags: number): number {
  return countOf(libc().sendmmsg(fd, messages as Pointer, count, flags));
}

/** Messages received, or -errno. `headers` is an array of struct mmsghdr. */
export function receiveMessages(fd: number, headers: number, count: number, flags: number): number {
  return countOf(libc().recvmmsg(fd, headers as Pointer, count, flags, null));
}

/** Ready descriptors, 0 at the timeout, or -errno. `pollfds` is an array of struct pollfd. */
export function pollFds(pollfds: ByteView, count: number, timeout: ByteView | null): number {
  return countOf(libc().ppoll(pollfds, count, timeout, null));
}

/** Both ends of a SOCK_SEQPACKET pair, non-blocking, close-on-exec. */
export function packetPair():
  | { readonly kind: "ok"; readonly ends: readonly [number, number] }
  | { readonly kind: "failed"; readonly errno: number } {
  const ends = new Int32Array(2);
  const result = libc().socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends);
  if (result !== 0) return { kind: "failed", errno: lastErrno() };
  return { kind: "ok", ends: [ends[0] ?? -1, ends[1] ?? -1] };
}

export const AF_UNIX = 1;
export const AF_INET = 2;
export const AF_INET6 = 10;
export const SOCK_STREAM = 1;
export const SOCK_DGRAM = 2;
export const SOCK_RAW = 3;
export const SOCK_SEQPACKET = 5;
export const SOCK_NONBLOCK = 0o4000;
export const SOCK_CLOEXEC = 0o2000000;
export const MSG_DONTWAIT = 0x40;
export const MSG_NOSIGNAL = 0x4000;
export const MSG_ERRQUEUE = 0x2000;

// --- files ---------------------------------------------------------------------------------------

export function openFile(path: string, flags: number, mode = 0): FdResult {
  return fdResult(libc().open(cString(path), flags, mode));
}

/** Octets read, or -errno. */
export function readFd(fd: number, into: Uint8Array): number {
  return countOf(libc().read(fd, into, BigInt(into.byteLength)));
}

/** Octets read from the start of the file, or -errno. */
export function readFromStart(fd: number, into: Uint8Array): number {
  return countOf(libc().pread(fd, into, BigInt(into.byteLength), 0n));
}

/** Octets written, or -errno. */
export function writeFd(fd: number, bytes: Uint8Array): number {
  return countOf(libc().write(fd, bytes, BigInt(bytes.byteLength)));
}

/** 0 or errno. */
export function ioctlBytes(fd: number, request: number, argument: Uint8Array): number {
  return libc().ioctl(fd, BigInt(request), argument) >= 0 ? 0 : lastErrno();
}

/** Sets or clears FD_CLOEXEC. */
export function setCloseOnExec(fd: number, on: boolean): void {
  const F_SETFD = 2;
  libc().fcntl(fd, F_SETFD, on ? 1 : 0);
}

/** True when the exclusive lock was taken; it lives as long as the descriptor. */
export function tryLock(fd: number): boolean {
  const LOCK_EX_NB = 2 | 4;
  return libc().flock(fd, LOCK_EX_NB) === 0;
}

/** An anonymous file that survives execve (not close-on-exec). */
export function memoryFile(name: string): FdResult {
  return fdResult(libc().memfd_create(cString(name), 0));
}

/** 0: no such interface. */
export function interfaceIndex(name: string): number {
  return libc().if_nametoindex(cString(name));
}

// --- process -------------------------------------------------------------------------------------

export function parentPid(): number {
  return libc().getppid();
}

export function userId(): number {
  return libc().getuid();
}

/** SIG_IGN for each number; process-wide, and lost at exec. */
export function ignoreSignals(numbers: readonly number[]): void {
  const SIG_IGN = 1 as Pointer;
  for (const number of numbers) libc().signal(number, SIG_IGN);
}

/** SIGALRM after `seconds` unless called again; 0 disarms. */
export function setAlarm(seconds: number): void {
  libc().alarm(seconds);
}

/** Unmaps pages of a file that were not written to: they are read again when they are used. */
export function releasePages(start: number, octets: number): void {
  const MADV_DONTNEED = 4;
  libc().madvise(BigInt(start), BigInt(octets), MADV_DONTNEED);
}

/** The result of prctl(2), or -errno. */
export function prctl(option: number, a = 0, b = 0, c = 0, d = 0): number {
  return countOf(libc().prctl(option, BigInt(a), BigInt(b), BigInt(c), BigInt(d)));
}

export interface CapabilitySets {
  readonly effective: number;
  readonly permitted: number;
  readonly inheritable: number;
}

const CAPABILITY_VERSION_3 = 0x20080522;

/** The low 32 capabilities of the calling thread. */
export function getCapabilities(): CapabilitySets {
  const header = new Uint32Array([CAPABILITY_VERSION_3, 0]);
  const data = new Uint32Array(6);
  invariant(libc().capget(header, data) === 0, "capget failed");
  return { effective: data[0] ?? 0, permitted: data[1] ?? 0, inheritable: data[2] ?? 0 };
}

/** Sets the low 32 capabilities of the calling thread; the high ones are cleared. 0 or errno. */
export function setCapabilities(sets: CapabilitySets): number {
  const header = new Uint32Array([CAPABILITY_VERSION_3, 0]);
  const data = new Uint32Array([sets.effective, sets.permitted, sets.inheritable, 0, 0, 0]);
  return errnoOf(libc().capset(header, data));
}

/** Clears the supplementary groups; 0 or errno. */
export function clearGroups(): number {
  return errnoOf(libc().setgroups(0n, null));
}

/** For calls without a function in libc: the result, or -errno. */
export function systemCall(number: number, argument: number, struct: Uint8Array): number {
  return countOf(libc().syscall(number, argument, struct, struct.byteLength));
}

/** Replaces the process image, keeping the pid. Returns only on failure, with errno. */
export function execute(
  path: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
): number {
  const keep: Uint8Array[] = [];
  const vector = (texts: readonly string[]): BigUint64Array => {
    const pointers = new BigUint64Array(texts.length + 1);
    for (const [i, text] of texts.entries()) {
      const bytes = cString(text);
      keep.push(bytes);
      pointers[i] = BigInt(ptr(bytes));
    }
    return pointers;
  };
  const argv = vector(args);
  const envp = vector(Object.entries(environment).map(([name, value]) => `${name}=${value}`));
  libc().execve(cString(path), argv, envp);
  return lastErrno();
}
