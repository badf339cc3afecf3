/** A bare tree of folders as a box's root, and the agent started in it. */

import { chmodSync, mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Subprocess } from "bun";

export interface TreeStatus {
  readonly processes: { readonly separation: string } | null;
  readonly problems: readonly string[];
}

/** A user database and `folders`, no more. */
export function bareTree(folders: readonly string[]): string {
  const root = mkdtempSync(join(tmpdir(), "patronus-root-"));
  chmodSync(root, 0o755);
  for (const folder of folders) mkdirSync(join(root, folder), { recursive: true });
  writeFileSync(join(root, "etc/passwd"), "root:x:0:0:root:/root:/bin/sh\n");
  writeFileSync(join(root, "etc/group"), "root:x:0:\n");
  writeFileSync(join(root, "etc/shadow"), "root:*:0:0:99999:7:::\n", { mode: 0o600 });
  return root;
}

/** In its own namespaces of mounts and network, of which only loopback is up. */
export function startInTree(root: string, command: string): Subprocess<"ignore", "ignore", "pipe"> {
  const mounts = `mount -t proc proc ${root}/proc && mount --rbind /dev ${root}/dev`;
  const start = `ip link set lo up && exec chroot ${root} ${command}`;
  return Bun.spawn(["unshare", "--mount", "--net", "sh", "-c", `${mounts} && ${start}`], {
    env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin" },
    stdio: ["ignore", "ignore", "pipe"],
  });
}

/** Waits until the agent below `root` tells of its processes; throws with its log after 10 s. */
export async function statusInTree(
  root: string,
  agent: Subprocess<"ignore", "ignore", "pipe">,
): Promise<TreeStatus> {
  const socket = join(root, "run/patronus/agent.sock");
  for (let i = 0; i < 200; i++) {
    await Bun.sleep(50);
    const answer = await fetch("http://agent/api/v1/status", { unix: socket }).catch(() => null);
    const status = answer === null ? null : ((await answer.json()) as TreeStatus);
    if (status !== null && status.processes !== null) return status;
  }
  agent.kill("SIGKILL");
  throw new Error(await new Response(agent.stderr).text());
}
