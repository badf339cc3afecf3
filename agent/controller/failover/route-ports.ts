/** What routing keeps beyond its process, and where. */

import type { RememberedLink } from "../../routing/link-settings.ts";

/** Plain JSON. */
export interface RouteMemory {
  /** Path id and slot. */
  readonly paths: readonly (readonly [string, number])[];
  /** Policy id and slot. */
  readonly policies: readonly (readonly [number, number])[];
  /** What devices had before we changed their settings. */
  readonly links: readonly RememberedLink[];
}

export interface RouteMemoryStore {
  /** null: nothing is remembered, or it cannot be read; slots are then learnt from the kernel. */
  load(): RouteMemory | null;
  /** Never throws and never waits; before the kernel is changed by it. */
  save(memory: RouteMemory): void;
}
