import { afterEach, describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { readMemoryRoom } from "../../../agent/io/memory-room.ts";

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

/** A folder with `files`, read as the system's. */
function roomOf(files: Readonly<Record<string, string>>) {
  const root = mkdtempSync(join(tmpdir(), "patronus-memory-"));
  folders.push(root);
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), text);
  }
  return readMemoryRoom({ proc: join(root, "proc"), cgroup: join(root, "cgroup") });
}

const MEMINFO = "MemTotal:        125000 kB\nMemFree:  10 kB\nMemAvailable:     50000 kB\n";
const machine = {
  bound: "machine",
  limit_bytes: 128_000_000,
  available_bytes: 51_200_000,
} as const;

describe("readMemoryRoom()", () => {
  test("without a control group it is the machine's", () => {
    expect(roomOf({ "proc/meminfo": MEMINFO })).toEqual(machine);
    expect(roomOf({})).toBeNull();
  });

  test("version 2: the tightest group on the way up, without idle page cache", () => {
    const room = roomOf({
      "proc/meminfo": MEMINFO,
      "proc/self/cgroup": "0::/system.slice/agent.service\n",
      "cgroup/system.slice/agent.service/memory.max": "max\n",
      "cgroup/system.slice/agent.service/memory.current": "30000000\n",
      "cgroup/system.slice/memory.max": "67108864\n",
      "cgroup/system.slice/memory.current": "60000000\n",
      "cgroup/system.slice/memory.stat": "active_file 4096\ninactive_file 5000000\n",
    });
    const available_bytes = 67_108_864 - 55_000_000;
    expect(room).toEqual({ bound: "control group", limit_bytes: 67_108_864, available_bytes });
  });

  test("version 1: the memory controller's group; no limit is the machine's", () => {
    const group = "cgroup/memory/box";
    const files = {
      "proc/meminfo": MEMINFO,
      "proc/self/cgroup": "5:cpu:/elsewhere\n4:memory:/box\n0::/\n",
      [`${group}/memory.usage_in_bytes`]: "40000000\n",
      [`${group}/memory.stat`]: "inactive_file 1\ntotal_inactive_file 2000000\n",
    };
    const limited = roomOf({ ...files, [`${group}/memory.limit_in_bytes`]: "64000000\n" });
    expect(limited).toEqual({
      bound: "control group",
      limit_bytes: 64_000_000,
      available_bytes: 26_000_000,
    });
    const free = { ...files, [`${group}/memory.limit_in_bytes`]: "9223372036854771712\n" };
    expect(roomOf(free)).toEqual(machine);
  });
});
