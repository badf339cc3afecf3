/** `version:` of a file: which form of the configuration it has. Without one it is the current. */

import type { KeyOf } from "./keys.ts";
import type { Section } from "./section.ts";
import { readInteger } from "./section.ts";

export const CONFIG_VERSION = 1;

/** A file of a later agent may mean something else by the same keys: it is refused. */
export function checkVersion(root: Section<KeyOf<"root">>): void {
  readInteger(root, "version", { min: 1, max: CONFIG_VERSION }, CONFIG_VERSION);
}
