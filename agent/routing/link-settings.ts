/**
 * Two settings of each path's device, and their way back. Strict reverse path filtering drops
 * replies of flows that move, so where it is in force the device is set to loose; the value for all
 * devices is never touched. Routes over a device without carrier are to be skipped, so that the
 * kernel itself goes on to the next candidate. A re-created device starts with the defaults again.
 */

import type { KernelLink } from "../domain/kernel-net.ts";
import type { RouteOperation } from "./operation.ts";

export const RP_FILTER = { off: 0, strict: 1, loose: 2 } as const;

/** Current settings of one device, as read. */
export interface LinkConf {
  /** ALL_DEVICES: what holds for all beside their own. */
  readonly index: number;
  readonly rpFilter: number;
  readonly ignoreRoutesWithLinkdown: boolean;
}

const ALL_DEVICES = 0;

/** What a device had before us; null: we changed nothing of it. Persisted. */
export interface RememberedLink {
  readonly device: string;
  readonly index: number;
  readonly rpFilter: number | null;
  readonly ignoreRoutesWithLinkdown: boolean | null;
}

export interface LinkPlan {
  readonly operations: readonly RouteOperation[];
  /** To be persisted before the operations run. */
  readonly memory: readonly RememberedLink[];
}

/** The kernel takes the larger of both values, so loose on a device wins over strict for all. */
export function rpFilterInForce(all: number, own: number): number {
  return Math.max(all, own);
}

/** The value that a device must get; null: none. */
export function wantedRpFilter(all: number, own: number): number | null {
  return rpFilterInForce(all, own) === RP_FILTER.strict ? RP_FILTER.loose : null;
}

/** `devices`: those of all paths; `links`: all of the box. */
export function planLinkSettings(
  devices: readonly string[],
  links: readonly KernelLink[],
  confs: readonly LinkConf[],
  memory: readonly RememberedLink[],
): LinkPlan {
  const all = confOf(confs, ALL_DEVICES)?.rpFilter ?? RP_FILTER.off;
  const plans = links
    .filter(({ name }) => devices.includes(name))
    .flatMap((link) => {
      const now = confOf(confs, link.index);
      const before = memory.find((one) => isSame(link, one));
      return now === undefined ? [] : [planLink(link, now, all, before ?? null)];
    });
  // A device that is no path any more waits for its restore; one that is gone has lost all of it.
  const waiting = memory.filter((one) => {
    const isPath = devices.includes(one.device) && confOf(confs, one.index) !== undefined;
    return !isPath && links.some((link) => isSame(link, one));
  });
  return {
    operations: plans.flatMap(({ operations }) => operations),
    memory: [...waiting, ...plans.flatMap((plan) => plan.memory)],
  };
}

function planLink(
  { index, name }: KernelLink,
  now: LinkConf,
  allRpFilter: number,
  before: RememberedLink | null,
): LinkPlan {
  const isIgnored = now.ignoreRoutesWithLinkdown;
  const wanted = wantedRpFilter(allRpFilter, now.rpFilter);
  const setting = {
    device: name,
    rpFilter: wanted,
    ignoreRoutesWithLinkdown: isIgnored ? null : true,
  };
  // A value that is not the one we set was set by somebody else since: it is the new old one.
  const remembered = {
    device: name,
    index,
    rpFilter: wanted === null ? ifLoose(now.rpFilter, before) : now.rpFilter,
    ignoreRoutesWithLinkdown: isIgnored ? (before?.ignoreRoutesWithLinkdown ?? null) : false,
  };
  return {
    operations: isEmpty(setting) ? [] : [{ kind: "set-link", ...setting }],
    memory: isEmpty(remembered) ? [] : [remembered],
  };
}

function ifLoose(rpFilter: number, before: RememberedLink | null): number | null {
  return rpFilter === RP_FILTER.loose ? (before?.rpFilter ?? null) : null;
}

/** The way back. What somebody else changed since, and devices that are gone, are left alone. */
export function restoreLinkSettings(
  links: readonly KernelLink[],
  confs: readonly LinkConf[],
  memory: readonly RememberedLink[],
): readonly RouteOperation[] {
  return memory.flatMap((old): RouteOperation[] => {
    const now = confOf(confs, old.index);
    if (now === undefined || !links.some((link) => isSame(link, old))) return [];
    const setting = {
      device: old.device,
      rpFilter: now.rpFilter === RP_FILTER.loose ? old.rpFilter : null,
      ignoreRoutesWithLinkdown: now.ignoreRoutesWithLinkdown ? old.ignoreRoutesWithLinkdown : null,
    };
    return isEmpty(setting) ? [] : [{ kind: "set-link", ...setting }];
  });
}

function confOf(confs: readonly LinkConf[], index: number): LinkConf | undefined {
  return confs.find((conf) => conf.index === index);
}

function isSame({ name, index }: KernelLink, one: RememberedLink): boolean {
  return index === one.index && name === one.device;
}

type Values = Pick<RememberedLink, "rpFilter" | "ignoreRoutesWithLinkdown">;

function isEmpty({ rpFilter, ignoreRoutesWithLinkdown }: Values): boolean {
  return rpFilter === null && ignoreRoutesWithLinkdown === null;
}
