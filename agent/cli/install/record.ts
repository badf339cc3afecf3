/** What `install` made on a box, so that `uninstall` removes that and nothing else. */

import type { Box } from "./box.ts";
import type { ServiceManager } from "./places.ts";
import { RECORD_FILE } from "./places.ts";

export interface InstallRecord {
  readonly manager: ServiceManager;
  readonly prefix: string;
  /** Users and folders that were not there before. */
  readonly users: readonly string[];
  readonly folders: readonly string[];
}

/** null: nothing was installed, or by other means. */
export function readRecord(box: Box): InstallRecord | null {
  const text = box.read(RECORD_FILE);
  if (text === null) return null;
  try {
    const { manager, prefix, users, folders } = JSON.parse(text);
    const isManager = manager === "systemd" || manager === "openwrt";
    const areLists = Array.isArray(users) && Array.isArray(folders);
    if (!isManager || typeof prefix !== "string" || !areLists) return null;
    return { manager, prefix, users: users.map(String), folders: folders.map(String) };
  } catch {
    return null;
  }
}

export function writeRecord(box: Box, record: InstallRecord): void {
  box.file(RECORD_FILE, `${JSON.stringify(record, null, 2)}\n`, { mode: 0o644 });
}
