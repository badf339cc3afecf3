/**
 * The histogram of round-trip times. Making it costs some microseconds a path, more than the whole
 * rest of a scrape, so of a larger table it is made between scrapes and is one scrape old. Beyond
 * some hundred paths it is left out: there OTLP's exponential histograms are the way.
 */

import type { Exemplar, RttRow, RttView } from "../rtt-view.ts";
import type { MetricsSource } from "../view.ts";
import { escapeLabel } from "./label-arena.ts";

export const ROWS_MAX = 500;
/** So many are made while the client waits. */
export const ROWS_AT_ONCE = 32;
/** OpenMetrics: 128 characters for all names and values. */
const TARGET_MAX = 100;
const NAME = "patronus_sdwan_probe_rtt_seconds";
const HELP = "Round-trip times of the scheduled probes.";
const HEADER = `# HELP ${NAME} ${HELP}\n# TYPE ${NAME} histogram\n`;
const NOTHING = new Uint8Array();

type Octets = Uint8Array<ArrayBuffer>;

interface Made {
  readonly paths: MetricsSource["paths"];
  readonly octets: Octets;
}

export class RttText {
  readonly #view: RttView;
  readonly #source: Pick<MetricsSource, "paths">;
  readonly #made = new Map<boolean, Made>();
  readonly #busy = new Set<boolean>();

  constructor(view: RttView, source: Pick<MetricsSource, "paths">) {
    this.#view = view;
    this.#source = source;
  }

  /** Exemplars are OpenMetrics' alone. */
  octets(openMetrics: boolean): Octets {
    const { paths } = this.#source;
    if (paths.length > ROWS_MAX) return NOTHING;
    if (paths.length <= ROWS_AT_ONCE) return encode(this.#lines(0, paths.length, openMetrics));
    const made = this.#made.get(openMetrics);
    void this.#make(openMetrics);
    // Of another table it would name paths that are gone.
    return made?.paths === paths ? made.octets : NOTHING;
  }

  async #make(openMetrics: boolean): Promise<void> {
    if (this.#busy.has(openMetrics)) return;
    this.#busy.add(openMetrics);
    const { paths } = this.#source;
    let text = "";
    for (let row = 0; row < paths.length; row += ROWS_AT_ONCE) {
      await nextTurn();
      if (paths !== this.#source.paths) break;
      text += this.#lines(row, Math.min(row + ROWS_AT_ONCE, paths.length), openMetrics);
    }
    if (paths === this.#source.paths) this.#made.set(openMetrics, { paths, octets: encode(text) });
    this.#busy.delete(openMetrics);
  }

  #lines(from: number, to: number, openMetrics: boolean): string {
    let text = "";
    for (let row = from; row < to; row++) {
      const path = this.#source.paths[row];
      const totals = this.#view.row(row);
      if (path === undefined || totals === null) continue;
      const labels = `path_id="${escapeLabel(path.id)}",path_name="${escapeLabel(path.name)}"`;
      const exemplar = openMetrics ? this.#view.exemplar(row) : null;
      text += this.#pathLines(labels, totals, exemplar);
    }
    return text;
  }

  #pathLines(labels: string, { counts, count, sumSeconds }: RttRow, one: Exemplar | null): string {
    const { bounds } = this.#view;
    const mark = one === null ? "" : exemplarText(one);
    const own = one === null ? -1 : bounds.findIndex((bound) => one.seconds <= bound);
    const lines = bounds.map((bound, i) => {
      const behind = i === own ? mark : "";
      return `${NAME}_bucket{${labels},le="${boundText(bound)}"} ${counts[i] ?? 0}${behind}\n`;
    });
    lines.push(`${NAME}_bucket{${labels},le="+Inf"} ${count}${own < 0 ? mark : ""}\n`);
    return `${lines.join("")}${NAME}_sum{${labels}} ${sumSeconds}\n${NAME}_count{${labels}} ${count}\n`;
  }
}

function exemplarText({ target, seconds, unixSeconds }: Exemplar): string {
  const label = escapeLabel(target.slice(0, TARGET_MAX));
  return ` # {target="${label}"} ${seconds.toFixed(9)} ${unixSeconds.toFixed(3)}`;
}

/** OpenMetrics wants a float: 1.0, not 1. */
function boundText(bound: number): string {
  return Number.isInteger(bound) ? bound.toFixed(1) : `${bound}`;
}

function encode(lines: string): Octets {
  return lines === "" ? NOTHING : new TextEncoder().encode(HEADER + lines);
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
