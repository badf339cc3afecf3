/**
 * A control group whose processes make marked sockets. A program of four instructions, attached to
 * the group, sets the mark of every IPv4 and IPv6 socket when it is made (bpf(2),
 * BPF_CGROUP_INET_SOCK_CREATE, Linux 4.15). Children inherit the group, so no command can slip out
 * by starting another; the program goes with the group.
 */

import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { addressOf, closeFd, cString, systemCall } from "../../worker/libc.ts";

/** libc has no function for bpf(2). */
const SYS_BPF = process.arch === "arm64" ? 280 : 321;
const PROG_LOAD = 5;
const PROG_ATTACH = 8;
const PROG_TYPE_CGROUP_SOCK = 9;
const INET_SOCK_CREATE = 2;
/** Programs of others in groups above run as well. */
const ALLOW_MULTI = 2;
/** Offset of `mark` in struct bpf_sock. */
const MARK_AT = 16;
/** union bpf_attr as far as expected_attach_type. */
const LOAD_OCTETS = 72;
const LOAD_AT = { type: 0, count: 4, instructions: 8, license: 16, attachType: 68 } as const;

const NAME = /^patronus-use-(\d+)-(\d+)$/;

/** Where version 2 of the groups is mounted: alone, or beside version 1; null: nowhere. */
export function groupRoot(): string | null {
  const roots = ["/sys/fs/cgroup", "/sys/fs/cgroup/unified"];
  return roots.find((root) => existsSync(join(root, "cgroup.controllers"))) ?? null;
}

export interface MarkedGroup {
  /** This process and its later children make marked sockets. */
  enter(): void;
  /** Back to where it was; false: other processes stay behind, and so does the group. */
  leave(): boolean;
}

/** Throws with the kernel's refusal. */
export function makeGroup(root: string, number: number, mark: number): MarkedGroup {
  const folder = join(root, `patronus-use-${number}-${process.pid}`);
  const before = join(root, ownGroup(), "cgroup.procs");
  mkdirSync(folder);
  try {
    attach(folder, loadProgram(mark));
  } catch (error) {
    rmdirSync(folder);
    throw error;
  }
  return {
    enter: () => writeFileSync(join(folder, "cgroup.procs"), `${process.pid}`),
    leave() {
      writeFileSync(before, `${process.pid}`);
      return removeGroup(folder);
    },
  };
}

/** Numbers of groups with processes; empty ones, left by a killed command, are removed. */
export function sweepGroups(root: string): ReadonlySet<number> {
  const inUse = new Set<number>();
  for (const name of readdirSync(root)) {
    const number = NAME.exec(name)?.[1];
    if (number !== undefined && !removeGroup(join(root, name))) inUse.add(Number(number));
  }
  return inUse;
}

/** false: it has processes. */
function removeGroup(folder: string): boolean {
  try {
    rmdirSync(folder);
    return true;
  } catch {
    return !existsSync(folder);
  }
}

function ownGroup(): string {
  const line = readFileSync("/proc/self/cgroup", "utf8")
    .split("\n")
    .find((one) => one.startsWith("0::"));
  return line?.slice("0::".length) ?? "/";
}

function loadProgram(mark: number): number {
  const instructions = programOf(mark);
  const license = cString("Apache-2.0");
  const attributes = new Uint8Array(LOAD_OCTETS);
  const view = new DataView(attributes.buffer);
  view.setUint32(LOAD_AT.type, PROG_TYPE_CGROUP_SOCK, true);
  view.setUint32(LOAD_AT.count, instructions.byteLength / 8, true);
  view.setBigUint64(LOAD_AT.instructions, BigInt(addressOf(instructions)), true);
  view.setBigUint64(LOAD_AT.license, BigInt(addressOf(license)), true);
  view.setUint32(LOAD_AT.attachType, INET_SOCK_CREATE, true);
  return checked("load the program", bpf(PROG_LOAD, attributes));
}

/** r2 = mark; socket->mark = r2; r0 = 1 (allowed); return. */
export function programOf(mark: number): Uint8Array {
  const octets = new Uint8Array(4 * 8);
  const view = new DataView(octets.buffer);
  const put = (at: number, code: number, registers: number, offset: number, value: number) => {
    view.setUint8(at, code);
    view.setUint8(at + 1, registers);
    view.setInt16(at + 2, offset, true);
    view.setUint32(at + 4, value, true);
  };
  put(0, 0xb4, 0x02, 0, mark); // BPF_ALU | BPF_MOV | BPF_K
  put(8, 0x63, 0x21, MARK_AT, 0); // BPF_STX | BPF_MEM | BPF_W
  put(16, 0xb7, 0x00, 0, 1); // BPF_ALU64 | BPF_MOV | BPF_K
  put(24, 0x95, 0x00, 0, 0); // BPF_JMP | BPF_EXIT
  return octets;
}

function attach(folder: string, program: number): void {
  const group = openSync(folder, "r");
  try {
    const attributes = Uint32Array.of(group, program, INET_SOCK_CREATE, ALLOW_MULTI);
    checked("attach the program", bpf(PROG_ATTACH, new Uint8Array(attributes.buffer)));
  } finally {
    closeSync(group);
    closeFd(program);
  }
}

function bpf(command: number, attributes: Uint8Array): number {
  return systemCall(SYS_BPF, command, attributes);
}

function checked(what: string, result: number): number {
  if (result >= 0) return result;
  throw new Error(`cannot ${what} for sockets: errno ${-result} (want root and CONFIG_CGROUP_BPF)`);
}
