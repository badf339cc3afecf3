/**
 * The place of the unix socket in the file system. A process that was killed leaves its path
 * behind: it is removed only when it is a socket and nobody answers on it, never another file.
 */

import { lstatSync, unlinkSync } from "node:fs";

export type Place = { readonly kind: "free" } | { readonly kind: "taken"; readonly reason: string };

/** Makes room at `path`, or tells who is there. */
export async function clearPlace(path: string): Promise<Place> {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined) return { kind: "free" };
  if (!found.isSocket()) {
    return { kind: "taken", reason: `cannot use ${path} as socket: another file is there` };
  }
  if (await answers(path)) {
    return { kind: "taken", reason: `cannot listen on ${path}: another agent serves there` };
  }
  unlinkSync(path);
  return { kind: "free" };
}

/** Removes our own socket where the runtime has left it: another one there is not ours. */
export function removeOwn(path: string, inode: number): void {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found?.isSocket() === true && found.ino === inode) unlinkSync(path);
}

export function inodeOf(path: string): number {
  return lstatSync(path).ino;
}

async function answers(path: string): Promise<boolean> {
  try {
    const socket = await Bun.connect({ unix: path, socket: { data() {} } });
    socket.end();
    return true;
  } catch {
    // Refused: the listener is gone. Any other fault shows again, and clearer, when we bind.
    return false;
  }
}
