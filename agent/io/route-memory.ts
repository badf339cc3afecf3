/**
 * What routing keeps beyond its process: slots, and the settings that devices had before us. A
 * small file of its own beside the database, so that `routes flush` can restore everything while no
 * agent runs and whatever became of the database.
 */

import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { RouteMemory, RouteMemoryStore } from "../controller/failover/route-ports.ts";

export function routeMemoryFile(storagePath: string): string {
  return join(dirname(storagePath), "routes.json");
}

export interface RouteMemoryFile extends RouteMemoryStore {
  /** Why the last `save` failed; null: it did not. */
  readonly problem: string | null;
  /** Everything was restored: there is nothing to remember. */
  forget(): void;
}

export function openRouteMemory(file: string): RouteMemoryFile {
  let problem: string | null = null;
  return {
    get problem() {
      return problem;
    },
    load() {
      try {
        return readMemory(JSON.parse(readFileSync(file, "utf8")));
      } catch {
        return null;
      }
    },
    save(memory) {
      const fresh = `${file}.new`;
      try {
        mkdirSync(dirname(file), { recursive: true });
        writeFileSync(fresh, `${JSON.stringify(memory)}\n`, { mode: 0o600 });
        renameSync(fresh, file);
        problem = null;
      } catch (error) {
        problem = error instanceof Error ? error.message : String(error);
      }
    },
    forget: () => rmSync(file, { force: true }),
  };
}

type Raw = Readonly<Record<string, unknown>>;

function rawOf(value: unknown): Raw {
  return typeof value === "object" && value !== null ? (value as Raw) : {};
}

/** Entries that make no sense are left out: the kernel is the better witness of slots. */
function readMemory(value: unknown): RouteMemory {
  const { paths, policies, links } = rawOf(value);
  const list = (some: unknown): readonly unknown[] => (Array.isArray(some) ? some : []);
  return {
    paths: list(paths).flatMap((one) => {
      const [id, slot] = list(one);
      return typeof id === "string" && Number.isInteger(slot) ? [[id, Number(slot)] as const] : [];
    }),
    policies: list(policies).flatMap((one) => {
      const [id, slot] = list(one);
      const isRight = Number.isInteger(id) && Number.isInteger(slot);
      return isRight ? [[Number(id), Number(slot)] as const] : [];
    }),
    links: list(links).flatMap((one) => {
      const { device, index, rpFilter, ignoreRoutesWithLinkdown: ignore } = rawOf(one);
      if (typeof device !== "string" || typeof index !== "number") return [];
      return [
        {
          device,
          index,
          rpFilter: typeof rpFilter === "number" ? rpFilter : null,
          ignoreRoutesWithLinkdown: typeof ignore === "boolean" ? ignore : null,
        },
      ];
    }),
  };
}
