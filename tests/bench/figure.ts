/** One measured figure as a JSON line; scripts/bench.ts makes the table of them. */

export interface Figure {
  readonly name: string;
  readonly unit: string;
  readonly value: number;
  /** Met when value <= bar (or >= with `atLeast`). */
  readonly bar?: number;
  readonly atLeast?: boolean;
}

export function printFigure(figure: Figure): void {
  console.log(JSON.stringify(figure));
}
