import { expect, test } from "bun:test";
import { ownMetrics } from "../../../../../agent/io/http/metrics/own-metrics.ts";
import { FakeView } from "../../../../support/fake-view.ts";

const status = new FakeView().status();

test("ownMetrics() tells build, processes, worker and store", () => {
  const text = ownMetrics({ status, ready: true, scrapeSeconds: 0.002 }, false);
  const build =
    'patronus_agent_build_info{version="1.2.3",revision="abc1234",' +
    'target="linux-x64-glibc",runtime="bun 1.4.5"} 1';
  for (const line of [
    build,
    "# TYPE patronus_agent_build_info gauge",
    "patronus_agent_start_time_seconds 1699990000",
    "patronus_agent_ready 1",
    'patronus_agent_process_up{process="controller"} 1',
    'patronus_agent_process_up{process="worker"} 0',
    'patronus_agent_process_restarts_total{process="worker"} 3',
    "patronus_agent_worker_probes_sent_total 100",
    "patronus_agent_worker_frames_stale_total 4",
    "patronus_agent_store_up 1",
    "patronus_store_bytes 45000704",
    "patronus_store_pending_rows 12",
    "patronus_store_dropped_rows_total 3",
    'patronus_store_state{state="ok"} 1',
    'patronus_store_state{state="failing"} 0',
    "patronus_agent_scrape_duration_seconds 0.002",
  ]) {
    expect(text.split("\n")).toContain(line);
  }
});

test("ownMetrics() leaves out what is not known", () => {
  const bare = { ...status, processes: null, worker: { ...status.worker, counters: null } };
  const text = ownMetrics({ status: bare, ready: false, scrapeSeconds: null }, false);
  expect(text).not.toContain("patronus_store_wal_bytes");
  for (const name of ["process_up", "probes_sent", "scrape_duration"]) {
    expect(text).not.toContain(name);
  }
  expect(text).toContain("patronus_agent_ready 0");
});

test("ownMetrics() tells what became of requests to the reflector, where there is one", () => {
  const { worker } = status;
  if (worker.counters === null) throw new Error("the fake has counters");
  const reflector = {
    received: 21,
    reflected: 1,
    refused: 2,
    limited: 3,
    malformed: 4,
    unauthenticated: 5,
    unsent: 6,
  };
  const counters = { ...worker.counters, reflector };
  const own = { ...status, worker: { ...worker, counters } };
  const text = ownMetrics({ status: own, ready: true, scrapeSeconds: 1 }, false);
  expect(text).toContain("# TYPE patronus_reflector_packets_total counter");
  for (const [result, count] of Object.entries(reflector)) {
    const line = `patronus_reflector_packets_total{result="${result}"} ${count}\n`;
    expect(text.includes(line)).toBe(result !== "received");
  }
  const without = ownMetrics({ status, ready: true, scrapeSeconds: 1 }, false);
  expect(without).not.toContain("patronus_reflector");
});

test("ownMetrics() names families without suffix in OpenMetrics", () => {
  const text = ownMetrics({ status, ready: true, scrapeSeconds: 1 }, true);
  expect(text).toContain("# TYPE patronus_agent_build info\npatronus_agent_build_info{");
  expect(text).toContain("# TYPE patronus_agent_process_restarts counter");
  expect(text).not.toContain("# TYPE patronus_agent_process_restarts_total");
});

test("ownMetrics() shows a store that fails", () => {
  const since = status.started_at;
  const store = {
    ...status.store,
    state: { kind: "failing", reason: "disk full", since } as const,
    pending_rows: 3,
  };
  const text = ownMetrics({ status: { ...status, store }, ready: true, scrapeSeconds: 1 }, false);
  expect(text).toContain("patronus_agent_store_up 0\n");
});
