/**
 * Whether the moment is right to load a release: inside the window, when this node's turn has come,
 * and never over a metered or degraded path (pure).
 */

import type { UnixSeconds } from "../../domain/units.ts";
import type { UpdateConfig } from "../../domain/update.ts";
import type { Manifest } from "../../update/manifest.ts";
import { delayOf, isChosen, isInWindow } from "../../update/schedule.ts";
import type { Way } from "./ports.ts";

/** Why nothing may be loaded over what traffic takes now; null: it may. */
export function wayFault(ways: readonly Way[]): string | null {
  const bad = ways.find(({ isUp }) => !isUp);
  if (bad !== undefined) return `path ${bad.id} is not up`;
  const metered = ways.find(({ isMetered }) => isMetered);
  return metered === undefined ? null : `path ${metered.id} is metered`;
}

export interface Occasion {
  readonly config: UpdateConfig;
  readonly nodeId: string;
  readonly ways: readonly Way[];
  readonly now: UnixSeconds;
}

/** Why a release is not taken by itself now; null: now. */
export function waitReason(manifest: Manifest, occasion: Occasion): string | null {
  const { config, nodeId, ways, now } = occasion;
  if (!config.automatic) return "update.automatic is off: patronus-agent update apply takes it";
  if (!isChosen(nodeId, manifest.rollout)) {
    return `the rollout has reached ${manifest.rollout.percent} % of the nodes, not this one`;
  }
  const turn = manifest.created + delayOf(nodeId, manifest.release, config.jitter_secs);
  if (now < turn) return `its turn is in ${turn - now} s`;
  if (!isInWindow(config.windows, now)) return "outside of update.window";
  return wayFault(ways);
}
