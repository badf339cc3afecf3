/** Commands that print what goes to Grafana, Prometheus and the Collector. */

import type { Command } from "../command.ts";

export const SHIPPED_COMMANDS: readonly Command[] = [
  {
    name: "dashboard",
    summary: "print the Grafana dashboard",
    operands: "grafana",
    options: {},
    notes: "For provisioning or import; asks for a Prometheus data source.",
    run: async (input) => (await import("./shipped.ts")).printDashboard(input),
  },
  {
    name: "rules",
    summary: "print recording, alert and burn-rate rules",
    operands: "prometheus",
    options: {},
    run: async (input) => (await import("./shipped.ts")).printRules(input),
  },
  {
    name: "example",
    summary: "print a configuration of Prometheus or of the OpenTelemetry Collector",
    operands: "prometheus|collector",
    options: {},
    run: async (input) => (await import("./shipped.ts")).printExample(input),
  },
];
