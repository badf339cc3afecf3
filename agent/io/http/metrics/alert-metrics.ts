/** The metrics about alerts; without a channel there are none. */

import { SEVERITIES } from "../../../domain/alerts.ts";
import type { AlertsView } from "../alerts-view.ts";
import type { Family } from "./families.ts";
import { familyHeader } from "./families.ts";
import { escapeLabel } from "./label-arena.ts";

const FIRING: Family = {
  name: "patronus_alerts_firing",
  kind: "gauge",
  help: "Alerts that were told and are not over.",
};
const NOTIFICATIONS: Family = {
  name: "patronus_alerts_notifications_total",
  kind: "counter",
  help: "Messages to a channel by what became of them; retried counts attempts.",
};
const WAITING: Family = {
  name: "patronus_alerts_waiting",
  kind: "gauge",
  help: "Messages that wait for delivery.",
};

export function alertMetrics(view: Pick<AlertsView, "list" | "channels">, openMetrics: boolean) {
  const channels = view.channels();
  if (channels.length === 0) return "";
  const firing = view.list().filter(({ state }) => state === "firing" || state === "ending");
  const counts = SEVERITIES.map((severity) => {
    const count = firing.filter((one) => one.severity === severity).length;
    return `${FIRING.name}{severity="${severity}"} ${count}\n`;
  });
  const outcomes = channels.flatMap(({ name, delivered, retries, dropped }) => {
    const label = `channel="${escapeLabel(name)}"`;
    const line = (outcome: string, count: number) =>
      `${NOTIFICATIONS.name}{${label},outcome="${outcome}"} ${count}\n`;
    return [line("delivered", delivered), line("retried", retries), line("dropped", dropped)];
  });
  const waiting = channels.map(
    (one) => `${WAITING.name}{channel="${escapeLabel(one.name)}"} ${one.waiting}\n`,
  );
  const blocks = [
    [FIRING, counts],
    [NOTIFICATIONS, outcomes],
    [WAITING, waiting],
  ] as const;
  return blocks
    .map(([family, lines]) => familyHeader(family, openMetrics) + lines.join(""))
    .join("");
}
