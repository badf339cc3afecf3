/**
 * The folders the controller writes into: the database's and the socket's. Made before the first
 * start and given to the controller's user, because it has no right to do that itself.
 */

import type { Stats } from "node:fs";
import { chmodSync, chownSync, lstatSync, mkdirSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import type { AgentConfig } from "../domain/config.ts";
import { userId } from "../worker/libc.ts";
import type { ChildUser, Separation } from "./credentials.ts";

const FOLDER_MODE = 0o750;
/** Of a supervisor that is not root: it may not give folders away, but shares the group. */
const GROUP_MODE = 0o770;

/** null, or what the operator must mend. The agent starts all the same: it outlives its disk. */
export function prepareFolder(folder: string, separation: Separation): string | null {
  try {
    mkdirSync(folder, { recursive: true, mode: FOLDER_MODE });
    const stat = lstatSync(folder);
    if (!stat.isDirectory()) return `cannot use ${folder}: it is not a folder`;
    if (separation.kind === "shared") return null;
    const { controller } = separation;
    if (userId() !== 0) return shareFolder(folder, stat, controller);
    // As `install` makes it for a supervisor with a user of its own.
    if (stat.gid === controller.gid && (stat.mode & 0o022) === 0o020) return null;
    const ours = stat.uid === 0 || stat.uid === controller.uid;
    if (!ours) return `cannot use ${folder}: it belongs to uid ${stat.uid}`;
    if (isShared(stat.mode)) return `cannot use ${folder}: every user may write into it`;
    chownSync(folder, controller.uid, controller.gid);
    chmodSync(folder, FOLDER_MODE);
    for (const name of readdirSync(folder)) giveFile(join(folder, name), controller);
    return null;
  } catch (error) {
    return `cannot prepare ${folder}: ${error instanceof Error ? error.message : String(error)}`;
  }
}

/** Made by us or by the service manager: the controller writes into it by its group. */
function shareFolder(folder: string, stat: Stats, controller: ChildUser): string | null {
  if (stat.uid === controller.uid) return null;
  if (stat.uid === userId()) {
    chownSync(folder, stat.uid, controller.gid);
    chmodSync(folder, GROUP_MODE);
    return null;
  }
  if (stat.gid === controller.gid && (stat.mode & 0o020) !== 0) return null;
  return `cannot use ${folder}: gid ${controller.gid} may not write into it`;
}

export function prepareFolders(config: AgentConfig, separation: Separation): string[] {
  const folders = new Set([dirname(config.storage.path), dirname(config.http.socket)]);
  return [...folders]
    .map((folder) => prepareFolder(folder, separation))
    .filter((problem) => problem !== null);
}

/** Sticky folders such as /tmp, or world-writable ones, are nobody's to give away. */
function isShared(mode: number): boolean {
  return (mode & 0o002) !== 0;
}

/** Files of an earlier run as another user; links are left alone, they may point anywhere. */
function giveFile(path: string, user: { readonly uid: number; readonly gid: number }): void {
  const stat = lstatSync(path);
  if (stat.isFile() && stat.nlink === 1 && stat.uid !== user.uid) {
    chownSync(path, user.uid, user.gid);
  }
}
