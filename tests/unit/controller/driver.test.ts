import { describe, expect, test } from "bun:test";
import { Driver } from "../../../agent/controller/driver.ts";
import { HealthReader } from "../../../agent/controller/health-reader.ts";
import { planProbes } from "../../../agent/controller/probe-table.ts";
import { parseAddress } from "../../../agent/domain/address.ts";
import { pathIndex } from "../../../agent/domain/ids.ts";
import { micros, US_PER_S } from "../../../agent/domain/units.ts";
import { Engine } from "../../../agent/engine/engine.ts";
import { decodeBurst } from "../../../agent/wire/burst.ts";
import {
  decodeTable,
  encodeSignal,
  FRAME,
  HEADER_SIZE,
  readHeader,
  TABLE_FLAG,
} from "../../../agent/wire/frame.ts";
import { encodeVerdict, VERDICT } from "../../../agent/wire/verdict.ts";
import { agentConfig, pathConfig } from "../../support/configs.ts";
import { FakeClock } from "../../support/fake-clock.ts";
import { FakeFeed } from "../../support/fake-feed.ts";
import { FakeJournal } from "../../support/fake-journal.ts";
import { FakeLog } from "../../support/fake-log.ts";
import { FakeObserver } from "../../support/fake-observer.ts";
import { FakeScorer } from "../../support/fake-scorer.ts";
import type { OutcomeSpec } from "../../support/frames.ts";
import { outcomeFrame } from "../../support/frames.ts";

const GENERATION = 7;

function world() {
  const clock = new FakeClock();
  const log = new FakeLog();
  const journal = new FakeJournal();
  const scorer = new FakeScorer(2);
  const sent: Uint8Array[] = [];
  const deadTargets: number[] = [];
  const changes: string[] = [];
  const engine = new Engine(scorer, { flushInterval: micros(300 * US_PER_S) });
  const health = new HealthReader({ clock, scorer, status: (path) => engine.status(path) });
  const history = new FakeFeed(journal);
  const channel = { send: (frame: Uint8Array) => sent.push(frame) };
  const observer = new FakeObserver();
  const driver = new Driver({
    observer,
    clock,
    timers: clock,
    log,
    scorer,
    engine,
    journal,
    history,
    channel,
    health,
    onTargetDead: (series) => deadTargets.push(series),
    onStatusChange: ({ path, from, to, cause }) => changes.push([path, from, to, cause].join(" ")),
    keys: (path) => (path === "/key" ? new TextEncoder().encode("secret") : null),
  });
  const config = agentConfig([pathConfig("a", ["192.0.2.1"]), pathConfig("b", ["192.0.2.2"])]);
  const known = new Map(
    ["192.0.2.1", "192.0.2.2"].flatMap((host) => {
      const address = parseAddress(host);
      return address === null ? [] : [[`any ${host}`, address] as const];
    }),
  );
  const plan = planProbes(config, { known, scopeOf: () => 0 });
  health.configure(config, plan);
  driver.applyPlan(plan);
  const epoch = () => readHeader(sent.at(-1) ?? new Uint8Array())?.aux ?? -1;
  const outcomes = (...list: Omit<OutcomeSpec, "sentUs">[]) =>
    outcomeFrame(
      { generation: GENERATION, epoch: epoch() },
      list.map((outcome) => ({ ...outcome, sentUs: clock.monotonic() })),
    );
  const verdict = (kind: number, index: number) =>
    encodeVerdict(epoch(), GENERATION, { kind, index, sinceUs: 0, atUs: clock.monotonic() });
  return {
    clock,
    log,
    journal,
    scorer,
    sent,
    engine,
    driver,
    epoch,
    outcomes,
    plan,
    health,
    verdict,
    deadTargets,
    changes,
    observer,
  };
}

function running() {
  const parts = world();
  parts.driver.peerChanged(GENERATION);
  return parts;
}

describe("Driver", () => {
  test("peerChanged() sends the whole table to a new worker, and again to its successor", () => {
    const { sent, driver } = running();
    const rows = sent.flatMap((frame) => {
      const header = readHeader(frame);
      return header === null ? [] : (decodeTable(frame, header) ?? []);
    });
    expect(rows.map((row) => row.path)).toEqual([0, 1]);
    driver.peerChanged(GENERATION + 1);
    expect(readHeader(sent.at(-1) ?? new Uint8Array())?.generation).toBe(GENERATION + 1);
  });

  test("peerChanged() sends the keys it can read before the table that names them", () => {
    const { sent, driver, plan } = running();
    driver.applyPlan({ ...plan, keyFiles: ["/missing", "/key"] });
    const headers = sent.map(readHeader).slice(-2);
    expect(headers.map((header) => [header?.type, header?.generation])).toEqual([
      [FRAME.stampKey, GENERATION],
      [FRAME.table, GENERATION],
    ]);
    expect(headers[0]?.aux2).toBe(2);
    expect(headers[0]?.aux).toBe(headers[1]?.aux ?? -1);
    expect(new TextDecoder().decode(sent.at(-2)?.subarray(HEADER_SIZE))).toBe("secret");
  });

  test("acknowledged is true only for the current epoch", () => {
    const { driver, epoch } = running();
    driver.receive(encodeSignal(FRAME.tableAck, GENERATION, epoch() - 1));
    expect(driver.acknowledged).toBe(false);
    driver.receive(encodeSignal(FRAME.tableAck, GENERATION, epoch()));
    expect(driver.acknowledged).toBe(true);
    driver.peerChanged(0);
    expect(driver.acknowledged).toBe(false);
  });

  test("receive() publishes what the cache says", () => {
    const { driver, outcomes, engine, log } = running();
    driver.receive(
      outcomes({ series: 0, kind: "replied", rttUs: 500 }, { series: 1, kind: "expired" }),
    );
    expect([engine.status(0), engine.status(1)]).toEqual(["up", "down"]);
    expect(log.messages.filter((text) => text === "path status changed").length).toBe(2);
  });

  test("receive() drops frames of another generation or epoch", () => {
    const { driver, engine, epoch, clock } = running();
    const results = [{ series: 0, kind: "replied" as const, sentUs: clock.monotonic() }];
    driver.receive(outcomeFrame({ generation: GENERATION - 1, epoch: epoch() }, results));
    driver.receive(outcomeFrame({ generation: GENERATION, epoch: epoch() - 1 }, results));
    expect(engine.status(0)).toBe("unknown");
    expect(driver.staleFrames).toBe(2);
  });

  test("receive() drops a frame that is shorter than its count says", () => {
    const { driver, engine, outcomes } = running();
    const frame = outcomes({ series: 0, kind: "replied" });
    driver.receive(frame.subarray(0, frame.byteLength - 8));
    expect(engine.status(0)).toBe("unknown");
  });

  test("peerChanged(0) makes every path unknown", () => {
    const { driver, outcomes, engine } = running();
    driver.receive(outcomes({ series: 0, kind: "replied" }, { series: 1, kind: "replied" }));
    driver.peerChanged(0);
    expect([engine.status(0), engine.status(1)]).toEqual(["unknown", "unknown"]);
  });

  test("the sixth check is recorded with the cache's values, null where nothing replied", () => {
    const { driver, outcomes, clock, journal } = running();
    for (let second = 0; second < 61; second++) {
      driver.receive(
        outcomes({ series: 0, kind: "replied", rttUs: 12_345 }, { series: 1, kind: "expired" }),
      );
      clock.advance(1_000);
    }
    const rows = [...journal.stored, ...journal.unwritten];
    expect(
      rows.map(({ path_id, latency_ms, packet_loss_pct, health_score, status }) => ({
        path_id: String(path_id),
        latency_ms,
        packet_loss_pct,
        health_score,
        status,
      })),
    ).toEqual([
      { path_id: "a", latency_ms: 12.345, packet_loss_pct: 0, health_score: 100, status: "up" },
      { path_id: "b", latency_ms: null, packet_loss_pct: 100, health_score: 0, status: "down" },
    ]);
  });

  test("the journal is flushed by the engine's interval, with no frame needed", () => {
    const { clock, journal } = running();
    clock.advance(299_000);
    expect(journal.flushes).toBe(0);
    clock.advance(2_000);
    expect(journal.flushes).toBe(1);
  });

  test("a wall clock set by an hour changes no status, makes up no check and drops none", () => {
    const { driver, outcomes, clock, engine, journal, log } = running();
    for (let second = 0; second < 61; second++) {
      driver.receive(outcomes({ series: 0, kind: "replied" }));
      if (second === 10) clock.stepWall(3_600_000);
      if (second === 30) clock.stepWall(-7_200_000);
      clock.advance(1_000);
      expect(engine.status(0)).toBe("up");
    }
    expect([...journal.stored, ...journal.unwritten]).toHaveLength(1);
    expect(journal.flushes).toBe(0);
    expect(log.lines.filter(({ message }) => message === "path status changed")).toHaveLength(1);
  });

  test("a silent path turns unknown by the armed timer alone", () => {
    const { driver, outcomes, clock, engine } = running();
    driver.receive(outcomes({ series: 0, kind: "replied" }));
    clock.advance(7_999);
    expect(engine.status(0)).toBe("up");
    clock.advance(2);
    expect(engine.status(0)).toBe("unknown");
  });

  test("a frame that is read after a stop of a minute does not find the path stale", () => {
    const { driver, outcomes, clock, engine, log } = running();
    driver.receive(outcomes({ series: 0, kind: "replied" }));
    const waiting = outcomes({ series: 0, kind: "replied" });
    clock.stopFor(60_000);
    driver.receive(waiting);
    expect(engine.status(0)).toBe("up");
    clock.advance(7_000);
    expect(engine.status(0)).toBe("up");
    expect(log.messages.filter((text) => text === "path status changed").length).toBe(1);
  });

  test("a timer that fires a minute late does not find the path stale", () => {
    const { driver, outcomes, clock, engine } = running();
    driver.receive(outcomes({ series: 0, kind: "replied" }));
    clock.stopFor(60_000);
    clock.advance(0);
    expect(engine.status(0)).toBe("up");
  });

  test("stop() closes the journal and leaves no timer", () => {
    const { driver, journal, clock } = running();
    driver.stop();
    expect(journal.closed).toBe(true);
    expect(clock.armed).toBe(0);
  });

  test("readdress() sends a new table and leaves the other paths as they are", () => {
    const { driver, outcomes, engine, plan, scorer, sent } = running();
    driver.receive(outcomes({ series: 0, kind: "replied" }, { series: 1, kind: "replied" }));
    const frames = sent.length;
    const old = outcomes({ series: 0, kind: "expired" });
    driver.readdress(plan, [pathIndex(1)]);
    expect(sent.length).toBe(frames + 1);
    expect(scorer.reset).toEqual([pathIndex(1)]);
    driver.receive(old);
    expect([engine.status(0), driver.acknowledged]).toEqual(["up", false]);
  });

  test("applyPlan() starts a new epoch, so that waiting results of the old table do not count", () => {
    const { driver, outcomes, engine, plan } = running();
    const old = outcomes({ series: 0, kind: "replied" });
    driver.applyPlan(plan);
    driver.receive(old);
    expect(engine.status(0)).toBe("unknown");
  });

  test("a verdict puts a path down at once and lifts it with an empty window", () => {
    const { driver, engine, scorer, log, outcomes, verdict } = running();
    driver.receive(outcomes({ series: 0, kind: "replied", rttUs: 1_000 }));
    driver.receive(verdict(VERDICT.down, 0));
    expect([engine.status(0), [...scorer.hardDown]]).toEqual(["down", [pathIndex(0)]]);
    expect(log.lines.at(-1)?.fields).toMatchObject({ cause: "silence" });
    driver.receive(verdict(VERDICT.up, 0));
    expect([engine.status(0), [...scorer.hardDown], scorer.reset]).toEqual([
      "down",
      [],
      [pathIndex(0)],
    ]);
    driver.receive(outcomes({ series: 0, kind: "replied", rttUs: 1_000 }));
    expect(engine.status(0)).toBe("up");
    expect(log.lines.at(-1)?.fields).toMatchObject({ cause: "replies" });
  });

  test("a verdict on another table or without a path is not taken", () => {
    const { driver, engine, scorer, verdict } = running();
    const old = verdict(VERDICT.down, 0);
    old[16] = (old[16] ?? 0) ^ 1;
    driver.receive(old);
    driver.receive(verdict(VERDICT.down, 99));
    expect([engine.status(0), scorer.hardDown.size, driver.staleFrames]).toEqual(["unknown", 0, 1]);
  });

  test("a worker that takes over learns of paths that are down; one that is lost takes all along", () => {
    const { driver, engine, scorer, sent, verdict, plan } = running();
    driver.receive(verdict(VERDICT.down, 1));
    driver.readdress(plan, [pathIndex(1)]);
    const frame = sent.at(-1) ?? new Uint8Array();
    const header = readHeader(frame);
    const rows = header === null ? null : decodeTable(frame, header);
    expect(rows?.map(({ flags }) => flags & TABLE_FLAG.hardDown)).toEqual([0, 128]);
    expect(engine.status(1)).toBe("down");
    driver.peerChanged(0);
    expect([engine.status(1), engine.isHardDown(1), scorer.hardDown.size]).toEqual([
      "unknown",
      false,
      0,
    ]);
  });

  test("the observer hears of everything behind the cache and the engine", () => {
    const { driver, observer, changes, outcomes, verdict, scorer, clock } = running();
    scorer.paths.status[0] = 1;
    driver.receive(outcomes({ series: 0, kind: "replied" }));
    driver.receive(verdict(VERDICT.down, 1));
    clock.advance(600_000);
    driver.peerChanged(0);
    const { heard } = observer;
    expect(heard.slice(0, 5)).toEqual([
      `peer ${GENERATION}`,
      "status 0",
      "ingested 0",
      "status 1",
      `verdict ${VERDICT.down} 1`,
    ]);
    expect(heard.at(-1)).toBe("peer 0");
    expect(changes.slice(0, 2)).toEqual(["a unknown up score", "b unknown down silence"]);
  });

  test("probes out of turn wait until the worker knows the table", () => {
    const { driver, sent, epoch } = running();
    const known = epoch();
    const burst = { path: pathIndex(1), probes: 3, pace: micros(40_000), isCounted: false };
    const before = sent.length;
    driver.burst(burst);
    expect(sent).toHaveLength(before);
    driver.receive(encodeSignal(FRAME.tableAck, GENERATION, known));
    driver.burst({ ...burst, probes: 5 });
    const probes = sent.slice(before).map((frame) => {
      const header = readHeader(frame);
      return header === null ? null : [header.aux === known, decodeBurst(frame, header)?.probes];
    });
    expect(probes).toEqual([
      [true, 3],
      [true, 5],
    ]);
  });

  test("a target that fell silent is reported by its series", () => {
    const { driver, verdict, deadTargets } = running();
    driver.receive(verdict(VERDICT.targetDead, 1));
    expect(deadTargets).toEqual([1]);
  });
});
