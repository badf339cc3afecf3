/** The alerts as the HTTP surface shows them; without a channel there is nothing to show. */

import { unreachable } from "../../domain/invariant.ts";
import type { AlertsView, ChannelBody, TestBody } from "../../io/http/alerts-view.ts";
import type { Delivery } from "../queue/ports.ts";
import type { Alerts } from "./alerts.ts";

export function alertsView(current: () => Alerts | null): AlertsView {
  return {
    list: () => (current()?.states() ?? []).map(({ alert, state }) => ({ ...alert, state })),
    channels: () => (current()?.channels() ?? []).map(channelBody),
    history: (query) => current()?.history(query) ?? { records: [], next: null },
    async test(channel) {
      const delivery = (await current()?.test(channel)) ?? null;
      return delivery === null ? null : testBody(channel, delivery);
    },
  };
}

function channelBody({ config, queue }: ReturnType<Alerts["channels"]>[number]): ChannelBody {
  const dropped = Object.values(queue?.dropped ?? {}).reduce((sum, count) => sum + count, 0);
  return {
    name: config.name,
    type: config.type,
    min_severity: config.min_severity,
    waiting: queue?.items ?? 0,
    oldest_age_secs: queue?.oldest_age_secs ?? null,
    delivered: queue?.delivered ?? 0,
    retries: queue?.retries ?? 0,
    dropped,
    last_success_ms: queue?.last_success_ms ?? null,
    last_error: queue?.last_error ?? null,
  };
}

function testBody(channel: string, delivery: Delivery): TestBody {
  switch (delivery.kind) {
    case "delivered":
      return { channel, outcome: "delivered", detail: "" };
    case "partial":
      return { channel, outcome: "delivered", detail: delivery.message };
    case "retry":
      return { channel, outcome: "retry", detail: delivery.reason };
    case "permanent": {
      const status = delivery.status === null ? "" : `${delivery.status}: `;
      return { channel, outcome: "refused", detail: `${status}${delivery.text}` };
    }
    default:
      return unreachable(delivery);
  }
}
