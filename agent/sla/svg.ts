/**
 * Charts of a month as inline SVG: bars, a line, a falling budget. No script, no font, no file from
 * elsewhere; colours come from the classes of the page, so that print and dark screens both work.
 */

export interface ChartPoint {
  /** Day of the month. */
  readonly label: string;
  /** null: nothing was measured. */
  readonly value: number | null;
}

export interface ChartOptions {
  readonly title: string;
  readonly unit: string;
  /** A dashed line; null: nothing was promised. */
  readonly target: number | null;
  readonly low: number;
  readonly high: number;
  format(value: number): string;
}

const WIDTH = 720;
const HEIGHT = 150;
const LEFT = 62;
const RIGHT = 8;
const TOP = 10;
const BOTTOM = 22;
const PLOT_WIDTH = WIDTH - LEFT - RIGHT;
const PLOT_HEIGHT = HEIGHT - TOP - BOTTOM;
/** A bar is never so flat that it looks like a gap. */
const BAR_MIN = 2;
const GAP = 0.25;
const GRID_LINES = 2;

/** A bar per day; `isBad` ones stand out. */
export function barChart(
  points: readonly ChartPoint[],
  options: ChartOptions,
  isBad: (value: number) => boolean,
): string {
  const step = PLOT_WIDTH / Math.max(1, points.length);
  const bars = points.flatMap(({ value, label }, i) => {
    const x = LEFT + (i + GAP / 2) * step;
    const width = step * (1 - GAP);
    if (value === null) {
      const y = TOP + PLOT_HEIGHT - BAR_MIN;
      return [`<rect class="none" x="${px(x)}" y="${px(y)}" ${size(width, BAR_MIN)}/>`];
    }
    const y = Math.min(TOP + PLOT_HEIGHT - BAR_MIN, yOf(value, options));
    const tip = `<title>${label}: ${options.format(value)} ${options.unit}</title>`;
    const height = TOP + PLOT_HEIGHT - y;
    const kind = isBad(value) ? "bad" : "good";
    return [`<rect class="${kind}" x="${px(x)}" y="${px(y)}" ${size(width, height)}>${tip}</rect>`];
  });
  return chart(points, options, bars.join(""));
}

/** A line through the days; gaps stay gaps. `isArea` fills below it. */
export function lineChart(
  points: readonly ChartPoint[],
  options: ChartOptions,
  isArea = false,
): string {
  const step = PLOT_WIDTH / Math.max(1, points.length);
  const runs: [number, number][][] = [[]];
  for (const [i, { value }] of points.entries()) {
    if (value === null) runs.push([]);
    else runs.at(-1)?.push([LEFT + (i + 0.5) * step, yOf(value, options)]);
  }
  const floor = yOf(Math.max(options.low, 0), options);
  const drawn = runs
    .filter((run) => run.length > 0)
    .map((run) => drawRun(run, isArea ? floor : null));
  return chart(points, options, drawn.join(""));
}

function drawRun(run: readonly (readonly [number, number])[], floor: number | null): string {
  const [first, last] = [run[0], run.at(-1)];
  if (first === undefined || last === undefined) return "";
  const path = run.map(([x, y]) => `${px(x)},${px(y)}`).join(" ");
  const dots = run.map(([x, y]) => `<circle class="dot" cx="${px(x)}" cy="${px(y)}" r="2"/>`);
  const line = `<polyline class="line" points="${path}"/>${dots.join("")}`;
  if (floor === null) return line;
  const area = `${px(first[0])},${px(floor)} ${path} ${px(last[0])},${px(floor)}`;
  return `<polygon class="area" points="${area}"/>${line}`;
}

function chart(points: readonly ChartPoint[], options: ChartOptions, content: string): string {
  const { title, target, low, high } = options;
  const values = Array.from(
    { length: GRID_LINES + 1 },
    (_, i) => low + ((high - low) * i) / GRID_LINES,
  );
  const grid = values.map((value) => gridLine(value, options)).join("");
  const promised = target === null ? "" : targetLine(target, options);
  const box = `viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${title}"`;
  return `<svg ${box}>${grid}${content}${promised}${dates(points)}</svg>`;
}

function gridLine(value: number, options: ChartOptions): string {
  const y = yOf(value, options);
  const line = `<line class="grid" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${px(y)}" y2="${px(y)}"/>`;
  const text = `${options.format(value)} ${options.unit}`;
  return `${line}<text class="axis" x="${LEFT - 6}" y="${px(y + 4)}">${text}</text>`;
}

/** Outside of the scale it would be a lie. */
function targetLine(target: number, options: ChartOptions): string {
  if (target < options.low || target > options.high) return "";
  const y = px(yOf(target, options));
  return `<line class="target" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${y}" y2="${y}"/>`;
}

/** The first, every fifth and the last day. */
function dates(points: readonly ChartPoint[]): string {
  const step = PLOT_WIDTH / Math.max(1, points.length);
  return points
    .flatMap(({ label }, i) => {
      const day = i + 1;
      const isShown = day === 1 || day % 5 === 0;
      if (!isShown) return [];
      const x = px(LEFT + (i + 0.5) * step);
      return [`<text class="day" x="${x}" y="${HEIGHT - 6}">${label}</text>`];
    })
    .join("");
}

function yOf(value: number, { low, high }: ChartOptions): number {
  const share = high > low ? (value - low) / (high - low) : 0;
  return TOP + PLOT_HEIGHT * (1 - Math.min(1, Math.max(0, share)));
}

function px(value: number): string {
  return value.toFixed(1);
}

function size(width: number, height: number): string {
  return `width="${px(width)}" height="${px(height)}"`;
}
