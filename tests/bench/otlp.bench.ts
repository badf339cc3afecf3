/**
 * A push over OTLP: time to collect, serialize and pack per export and memory, ours from the cache
 * against instruments and the stock exporter, each in a process of its own; and the octets on the
 * wire of one push.
 */

import { join } from "node:path";
import { printFigure } from "./figure.ts";

const RUN = join(import.meta.dir, "../support/otlp-run.ts");
const SIZES = [
  { paths: 2, exports: 400 },
  { paths: 10, exports: 400 },
  { paths: 100, exports: 200 },
  { paths: 1_000, exports: 40 },
] as const;

interface Measured {
  readonly ms: number;
  readonly anonMib: number;
  readonly bytes: number;
}

async function measure(kind: "ours" | "stock", paths: number, exports: number): Promise<Measured> {
  const command = [process.execPath, RUN, kind, String(paths), String(exports)];
  const child = Bun.spawn(command, { stdout: "pipe", stderr: "inherit" });
  const text = await new Response(child.stdout).text();
  return JSON.parse(text) as Measured;
}

for (const { paths, exports } of SIZES) {
  const stock = await measure("stock", paths, exports);
  const ours = await measure("ours", paths, exports);
  const of = `of ${paths} paths`;
  printFigure({ name: `OTLP export ${of}, instruments`, unit: "ms", value: stock.ms });
  // Below ten paths the policies and the histograms, which the control has not, weigh more.
  const bars = paths < 10 ? [{}, {}] : [{ bar: stock.ms }, { bar: stock.anonMib }];
  printFigure({ name: `OTLP export ${of}, ours`, unit: "ms", value: ours.ms, ...bars[0] });
  printFigure({ name: `OTLP memory ${of}, stock exporter`, unit: "MiB", value: stock.anonMib });
  printFigure({ name: `OTLP memory ${of}, ours`, unit: "MiB", value: ours.anonMib, ...bars[1] });
  printFigure({ name: `OTLP push ${of}, on the wire`, unit: "octets", value: ours.bytes });
}
