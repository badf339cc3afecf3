import { describe, expect, test } from "bun:test";
import { Alerts } from "../../../../agent/controller/alerts/alerts.ts";
import { alertsView } from "../../../../agent/controller/alerts/view.ts";
import type { Delivery } from "../../../../agent/controller/queue/ports.ts";
import { OutboundQueue } from "../../../../agent/controller/queue/queue.ts";
import type {
  AlertmanagerChannel,
  ChannelConfig,
  Message,
} from "../../../../agent/domain/alerts.ts";
import { pathId } from "../../../../agent/domain/ids.ts";
import type { ProcessReport } from "../../../../agent/wire/frame.ts";
import { webhook } from "../../../support/alert-messages.ts";
import { alertsConfig, FakeSources } from "../../../support/alert-run.ts";
import { FakeAlertBook } from "../../../support/fake-alert-book.ts";
import { FakeClock } from "../../../support/fake-clock.ts";
import { FakeLog } from "../../../support/fake-log.ts";
import { FakeStore, runFor } from "../../../support/fake-queue.ts";

const FIBER = pathId("fiber");
const HOOK = webhook("http://127.0.0.1/");
const down = { kind: "path", path: FIBER, status: "down", score: 0, link: null } as const;

function manager(): AlertmanagerChannel {
  const { format: _, template: __, secret_file: ___, ...place } = HOOK;
  return { ...place, name: "am", type: "alertmanager", resend_secs: 60 };
}

function start(channels: readonly ChannelConfig[], isFresh = true, book = new FakeAlertBook()) {
  const clock = new FakeClock();
  const log = new FakeLog();
  const store = new FakeStore();
  const sources = new FakeSources();
  const sent: { readonly channel: string; readonly message: Message }[] = [];
  const answers = new Map<string, Delivery>();
  const opened: string[] = [];
  const queue = new OutboundQueue({
    ...{ clock, timers: clock, log, store, random: () => 0.5, isClockTrusted: () => true },
  });
  const alerts = new Alerts(alertsConfig(channels), {
    ...{ clock, timers: clock, log, queue, book, sources, isFresh },
    open: ({ name }) => {
      opened.push(name);
      return (message) => {
        sent.push({ channel: name, message });
        return Promise.resolve(answers.get(name) ?? { kind: "delivered" });
      };
    },
  });
  const lines = () =>
    sent.flatMap(({ channel, message: { alerts: all } }) =>
      all.map(({ status, rule, path_id }) =>
        `${channel} ${status} ${rule} ${path_id ?? ""}`.trim(),
      ),
    );
  return { clock, log, store, sources, sent, answers, opened, queue, alerts, book, lines };
}

describe("Alerts", () => {
  test("what happens in one moment is one message, on disk before it is sent", async () => {
    const { alerts, clock, store, sent, lines } = start([HOOK]);
    alerts.take(down);
    alerts.take({ kind: "store", store: "history", fault: "full" });
    alerts.take({ kind: "update", fault: "no" });
    expect(store.inserts).toBe(0);
    clock.advance(20);
    expect(store.inserts).toBe(1);
    await runFor(clock, 100);
    expect(sent).toHaveLength(1);
    expect(lines()).toEqual(["ops firing path-down fiber", "ops firing update-trouble"]);
    expect(sent[0]?.message.node_id).toBe(alertsConfig([]).node.id);
  });

  test("looks at paths, stores and processes every ten seconds", async () => {
    const { clock, sources, lines } = start([HOOK]);
    const idle = { pid: 1, restarts: 0, last_exit: null };
    sources.report = { controller: idle, worker: idle } as unknown as ProcessReport;
    await runFor(clock, 100);
    sources.statuses.set(FIBER, "down");
    sources.faults.set("history", "disk full");
    sources.report = {
      controller: idle,
      worker: { ...idle, restarts: 1, last_exit: "signal 9" },
    } as unknown as ProcessReport;
    await runFor(clock, 10_100);
    expect(lines()).toEqual(["ops firing path-down fiber", "ops firing worker-restart"]);
    // Sixty seconds of trouble are the rule of stores.
    await runFor(clock, 61_000);
    expect(lines()).toContain("ops firing store-trouble");
  });

  test("a controller that was started again says so, one that loads alerts late does not", async () => {
    const state = { pid: 1, restarts: 3, last_exit: "signal 11" };
    for (const isFresh of [true, false]) {
      const { clock, sources, lines } = start([HOOK], isFresh);
      sources.report = { controller: state, worker: state } as unknown as ProcessReport;
      await runFor(clock, 11_000);
      expect(lines()).toEqual(isFresh ? ["ops firing worker-restart"] : []);
    }
  });

  test("maintenance is taken from the audit, and silences", async () => {
    const { alerts, clock, lines } = start([HOOK]);
    const record = { author: "a", reason: "", policy: null, detail: "" };
    const done = { ...record, outcome: "done" } as const;
    alerts.audited({ ...done, action: "maintenance on", path: FIBER });
    alerts.audited({ ...done, action: "maintenance off", outcome: "refused", path: FIBER });
    alerts.take(down);
    await runFor(clock, 20_000);
    expect(lines()).toEqual([]);
    alerts.audited({ ...done, action: "maintenance", outcome: "expired", path: FIBER });
    await runFor(clock, 1_000);
    expect(lines()).toEqual(["ops firing path-down fiber"]);
  });

  test("Alertmanager is reminded while an alert fires, and not when it is over", async () => {
    const { alerts, clock, sent } = start([HOOK, manager()]);
    alerts.take(down);
    await runFor(clock, 1_000);
    await runFor(clock, 125_000);
    const times = (channel: string) => sent.filter((one) => one.channel === channel).length;
    expect(times("am")).toBe(3);
    expect(times("ops")).toBe(1);
    alerts.take({ ...down, status: "up" });
    await runFor(clock, 200_000);
    expect(times("am")).toBe(4);
    expect(sent.at(-1)?.message.status).toBe("resolved");
  }, 20_000);

  test("reminders do not pile up while Alertmanager is away", async () => {
    const { alerts, clock, answers, queue } = start([manager()]);
    answers.set("am", { kind: "retry", afterMs: null, reason: "away" });
    alerts.take(down);
    await runFor(clock, 300_000);
    const [state] = queue.state().destinations;
    expect(state?.items).toBeLessThanOrEqual(3);
  }, 20_000);

  test("a reload opens what is new or changed and leaves the others", async () => {
    const other = webhook("http://127.0.0.1/other", { name: "other" });
    const { alerts, opened, clock, lines } = start([HOOK, other]);
    alerts.configure(alertsConfig([HOOK, { ...other, timeout_secs: 3 }]));
    expect(opened).toEqual(["ops", "other", "other"]);
    alerts.configure({ ...alertsConfig([]), alerts: null });
    alerts.take(down);
    await runFor(clock, 10_000);
    expect(lines()).toEqual([]);
    expect(alerts.channels()).toEqual([]);
  });

  test("test() sends at once, past what waits, and tells what came of it", async () => {
    const { alerts, answers, sent } = start([HOOK]);
    const view = alertsView(() => alerts);
    expect(await view.test("ops")).toEqual({ channel: "ops", outcome: "delivered", detail: "" });
    expect(sent[0]?.message).toMatchObject({ status: "test", severity: "info" });
    answers.set("ops", { kind: "permanent", status: 410, text: "gone" });
    expect(await view.test("ops")).toMatchObject({ outcome: "refused", detail: "410: gone" });
    answers.set("ops", { kind: "retry", afterMs: null, reason: "no route" });
    expect(await view.test("ops")).toMatchObject({ outcome: "retry", detail: "no route" });
    expect(await view.test("nobody")).toBeNull();
    expect(await alertsView(() => null).test("ops")).toBeNull();
  });

  test("a restart goes on with what was told", async () => {
    const first = start([HOOK]);
    first.alerts.take(down);
    await runFor(first.clock, 1_000);
    const second = start([HOOK], true, first.book);
    expect(second.alerts.firing()).toHaveLength(1);
    second.alerts.take(down);
    await runFor(second.clock, 1_000);
    expect(second.lines()).toEqual([]);
  });

  test("the view has states, channels and the history", async () => {
    const { alerts, clock } = start([HOOK]);
    const view = alertsView(() => alerts);
    alerts.take(down);
    await runFor(clock, 1_000);
    expect(view.list().map(({ rule, state }) => `${rule} ${state}`)).toEqual([
      "path-down firing",
      "path-degraded hidden",
    ]);
    expect(view.channels()).toMatchObject([
      { name: "ops", type: "webhook", delivered: 1, waiting: 0, dropped: 0, last_error: null },
    ]);
    const asked = { limit: 10, cursor: null, severity: null };
    expect(view.history(asked).records).toHaveLength(1);
  });
});
