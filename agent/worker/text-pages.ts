/**
 * Gives back the pages of program text that only the start, or something rare, has needed. Of some
 * 27 MB that each process maps while it starts, a third is used again. The pages stay in the page
 * cache, so a return costs a minor fault; unmapped they are the first to go when memory is short,
 * instead of those that probing needs.
 */

import type { Instant, Micros } from "../domain/units.ts";
import { after, micros, US_PER_S } from "../domain/units.ts";
import { closeFd, openFile, readFd, releasePages } from "./libc.ts";

export interface Mapping {
  readonly start: number;
  readonly octets: number;
}

/** When tables are laid, lazy parts are loaded and code is compiled. */
const FIRST = micros(10 * US_PER_S);
const INTERVAL = micros(3_600 * US_PER_S);
const O_RDONLY = 0;
const CHUNK_OCTETS = 4_096;
const TEXT = /^([0-9a-f]+)-([0-9a-f]+) r-xp [0-9a-f]+ \S+ \d+ +\//gm;

/** `maps` as in /proc/self/maps. Text is never written to, so nothing is lost with its pages. */
export function textMappings(maps: string): Mapping[] {
  return [...maps.matchAll(TEXT)].map(([, from = "", to = ""]) => {
    const start = Number.parseInt(from, 16);
    return { start, octets: Number.parseInt(to, 16) - start };
  });
}

export class TextPages {
  #due: Instant | null = null;

  /** To be called now and then; mostly it does nothing. */
  look(now: Instant): void {
    if (this.#due === null) this.#arm(now, FIRST);
    else if (now >= this.#due) {
      this.#arm(now, INTERVAL);
      for (const { start, octets } of mapped()) releasePages(start, octets);
    }
  }

  #arm(now: Instant, delay: Micros): void {
    this.#due = after(now, delay);
  }
}

/** Nothing without procfs: then the pages stay. */
function mapped(): Mapping[] {
  const opened = openFile("/proc/self/maps", O_RDONLY);
  if (opened.kind === "failed") return [];
  const chunk = new Uint8Array(CHUNK_OCTETS);
  let maps = "";
  for (let got = readFd(opened.fd, chunk); got > 0; got = readFd(opened.fd, chunk)) {
    maps += new TextDecoder("latin1").decode(chunk.subarray(0, got));
  }
  closeFd(opened.fd);
  return textMappings(maps);
}
