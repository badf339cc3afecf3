/**
 * A slow disk for one process: its reads and writes are throttled by the kernel, at the block
 * device that holds `folder`, to what a worn SD card does.
 */

import { existsSync, mkdirSync, readFileSync, rmdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const READS_PER_SEC = 400;
const READ_OCTETS = 4_000_000;
const WRITE_OCTETS = 2_000_000;

const V1 = "/sys/fs/cgroup/blkio";
const V2 = "/sys/fs/cgroup";

export interface SlowDisk {
  /** Runs a command under the limits. */
  command(argv: readonly string[]): readonly string[];
  remove(): void;
}

/** null: this kernel cannot throttle here; the caller says so. */
export function slowDisk(folder: string): SlowDisk | null {
  const { dev } = statSync(folder);
  const device = `${(dev >> 8) & 0xfff}:${dev & 0xff}`;
  const name = `patronus-test-${process.pid}-${Date.now()}`;
  const isV1 = existsSync(join(V1, "blkio.throttle.read_bps_device"));
  if (!isV1 && !hasIoController()) return null;
  const group = join(isV1 ? V1 : V2, name);
  mkdirSync(group);
  const set = (file: string, value: string) => writeFileSync(join(group, file), value);
  if (isV1) {
    set("blkio.throttle.read_bps_device", `${device} ${READ_OCTETS}`);
    set("blkio.throttle.write_bps_device", `${device} ${WRITE_OCTETS}`);
    set("blkio.throttle.read_iops_device", `${device} ${READS_PER_SEC}`);
  } else {
    set("io.max", `${device} rbps=${READ_OCTETS} wbps=${WRITE_OCTETS} riops=${READS_PER_SEC}`);
  }
  return {
    command: (argv) => ["sh", "-c", `echo $$ > ${group}/cgroup.procs; exec "$@"`, "sh", ...argv],
    remove: () => rmdirSync(group),
  };
}

function hasIoController(): boolean {
  const enabled = join(V2, "cgroup.subtree_control");
  return existsSync(enabled) && readFileSync(enabled, "utf8").split(/\s/).includes("io");
}
