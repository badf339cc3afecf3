/** `dashboard`, `rules`, `example`: what goes to the other side, printed. */

import type { CommandInput } from "../command.ts";
import { EXIT, UsageError } from "../command.ts";
import collector from "./assets/collector.yaml" with { type: "text" };
import prometheus from "./assets/prometheus.yaml" with { type: "text" };
import rules from "./assets/rules.yaml" with { type: "text" };
import { grafanaDashboard } from "./dashboard.ts";

export const alertRules: string = rules;
export const prometheusExample: string = prometheus;
export const collectorExample: string = collector;

export function printDashboard(input: CommandInput): number {
  return print(input, { grafana: () => `${JSON.stringify(grafanaDashboard(), null, 2)}\n` });
}

export function printRules(input: CommandInput): number {
  return print(input, { prometheus: () => alertRules });
}

export function printExample(input: CommandInput): number {
  return print(input, {
    prometheus: () => prometheusExample,
    collector: () => collectorExample,
  });
}

function print({ operands }: CommandInput, texts: Readonly<Record<string, () => string>>): number {
  const [what = "", ...rest] = operands;
  const text = Object.hasOwn(texts, what) ? texts[what] : undefined;
  if (text === undefined || rest.length > 0) {
    const wrong = JSON.stringify(text === undefined ? what : rest[0]);
    throw new UsageError(`cannot use ${wrong}: want ${Object.keys(texts).join(", ")}`);
  }
  process.stdout.write(text());
  return EXIT.ok;
}
