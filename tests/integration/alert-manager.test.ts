/**
 * Debian's Alertmanager takes our alerts: it has them while they are sent again, with the time they
 * began, and knows when they are over. It forwards them by its own webhook, whose body has the very
 * members that our own format of it has.
 */

import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { AlertmanagerChannel, Message } from "../../agent/domain/alerts.ts";
import { unixMillis } from "../../agent/domain/units.ts";
import { formatWebhook } from "../../agent/io/alerts/formats.ts";
import { alertmanagerSender } from "../../agent/io/alerts/webhook.ts";
import { createClock } from "../../agent/io/clock.ts";
import { MESSAGE, NEVER_ABORTED } from "../support/alert-messages.ts";
import { until } from "../support/alert-run.ts";

const clock = createClock();
const forwarded: Record<string, unknown>[] = [];
let folder = "";
let base = "";
let child: Bun.Subprocess | null = null;
const receiver = Bun.serve({
  hostname: "127.0.0.1",
  port: 0,
  async fetch(request) {
    forwarded.push((await request.json()) as Record<string, unknown>);
    return new Response("ok");
  },
});

function freePort(): number {
  const probe = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
  const { port } = probe;
  probe.stop(true);
  return port;
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "patronus-am-"));
  const config = join(folder, "am.yml");
  const hook = `http://127.0.0.1:${receiver.port}/`;
  writeFileSync(
    config,
    `route: { receiver: all, group_wait: 100ms, group_interval: 200ms, group_by: [node] }
receivers: [{ name: all, webhook_configs: [{ url: "${hook}", send_resolved: true }] }]\n`,
  );
  const address = `127.0.0.1:${freePort()}`;
  base = `http://${address}`;
  child = Bun.spawn(
    [
      "prometheus-alertmanager",
      `--config.file=${config}`,
      `--storage.path=${join(folder, "data")}`,
      `--web.listen-address=${address}`,
      "--cluster.listen-address=",
    ],
    { stdio: ["ignore", "ignore", "ignore"] },
  );
  const isReady = () =>
    fetch(`${base}/-/ready`).then(
      ({ ok }) => ok,
      () => false,
    );
  expect(await until(isReady, 15_000)).toBe(true);
}, 20_000);

afterAll(async () => {
  child?.kill();
  await child?.exited;
  await receiver.stop(true);
  rmSync(folder, { recursive: true, force: true });
});

interface Known {
  readonly labels: Record<string, string>;
  readonly annotations: Record<string, string>;
  readonly startsAt: string;
  readonly endsAt: string;
  readonly status: { readonly state: string };
}

async function known(): Promise<Known[]> {
  return (await (await fetch(`${base}/api/v2/alerts`)).json()) as Known[];
}

const channel: AlertmanagerChannel = {
  ...{ name: "am", type: "alertmanager", min_severity: "info", send_resolved: true },
  ...{ timeout_secs: 5, url_file: null, headers: {}, headers_file: null, ca_file: null },
  ...{ allow_link_local: false, resend_secs: 60, url: "" },
} as AlertmanagerChannel;

/** Alertmanager forgets what ended long ago, so these began a moment ago. */
function recent(status: "firing" | "resolved", now: number): Message {
  const alerts = MESSAGE.alerts.map((alert) => ({
    ...alert,
    status,
    started_at_ms: unixMillis(now - 30_000),
    resolved_at_ms: status === "resolved" ? unixMillis(now - 100) : null,
  }));
  return { ...MESSAGE, status, alerts };
}

test("an alert fires there with its own time, is reminded of, and ends", async () => {
  const send = alertmanagerSender({ ...channel, url: `${base}/` }, { clock });
  const now = Math.floor(clock.wall());
  expect(await send(recent("firing", now), NEVER_ABORTED)).toEqual({ kind: "delivered" });
  expect(await until(async () => (await known()).length === 2)).toBe(true);
  const [first] = (await known()).filter(({ labels }) => labels["alertname"] === "path-down");
  expect(first).toMatchObject({
    labels: { alertname: "path-down", node: "cpe-1", site: "berlin", path: "fiber" },
    annotations: { summary: "path Fiber (fiber) is down: no answer" },
    status: { state: "active" },
  });
  expect(Date.parse(first?.startsAt ?? "")).toBe(now - 30_000);
  // Four reminders may be missed.
  expect(Date.parse(first?.endsAt ?? "") - clock.wall()).toBeGreaterThan(200_000);
  await send(recent("firing", now), NEVER_ABORTED);
  expect(await known()).toHaveLength(2);
  expect(await until(() => forwarded.length > 0)).toBe(true);

  expect(await send(recent("resolved", now), NEVER_ABORTED)).toEqual({ kind: "delivered" });
  expect(await until(async () => (await known()).length === 0)).toBe(true);
  const ended = () => forwarded.some(({ status }) => status === "resolved");
  expect(await until(ended)).toBe(true);
}, 20_000);

test("our own body of its webhook has the members that it sends itself", () => {
  const real = forwarded.find(({ status }) => status === "firing");
  const ours = JSON.parse(formatWebhook(MESSAGE, { format: "alertmanager", template: "" }).text);
  expect(Object.keys(ours).sort()).toEqual(Object.keys(real ?? {}).sort());
  const [realAlert = {}] = (real?.["alerts"] ?? []) as object[];
  expect(Object.keys(ours.alerts[0]).sort()).toEqual(Object.keys(realAlert).sort());
});

test("what it refuses is refused for good, with its words", async () => {
  const send = alertmanagerSender({ ...channel, url: `${base}/` }, { clock });
  const [first] = MESSAGE.alerts;
  if (first === undefined) throw new Error("no alert");
  const backwards = { ...first, resolved_at_ms: unixMillis(first.started_at_ms - 1_000) };
  const delivery = await send({ ...MESSAGE, alerts: [backwards] }, NEVER_ABORTED);
  expect(delivery).toMatchObject({ kind: "permanent", status: 400 });
  expect(JSON.stringify(delivery)).toContain("start time must be before end time");
});
