/** What the worker does without privileges, and what it says about it. Root, to take them away. */

import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { accessSync, constants } from "node:fs";
import { OUTCOME } from "../../agent/domain/outcome.ts";
import type { WorkerAbilities } from "../../agent/wire/frame.ts";
import { decodeJson, FRAME, TABLE_FLAG } from "../../agent/wire/frame.ts";
import type { Namespace } from "../support/lab/namespace.ts";
import { createNamespace, namespaceProblem } from "../support/lab/namespace.ts";
import { icmpRow, udpRow } from "../support/table-rows.ts";
import { WorkerProcess } from "../support/worker-process.ts";

const NOBODY = 65_534;
const UNPRIVILEGED = [
  "setpriv",
  `--reuid=${NOBODY}`,
  `--regid=${NOBODY}`,
  "--clear-groups",
  "--inh-caps=-all",
  "--bounding-set=-all",
];
const LOCAL = [127, 0, 0, 1];
const PACE = { intervalUs: 30_000, timeoutUs: 1_000_000 };

/** Other users must be able to read the program. */
function sourceProblem(): string | null {
  const { exitCode } = Bun.spawnSync([...UNPRIVILEGED, "test", "-r", import.meta.path]);
  return exitCode === 0 ? null : "needs a source tree that other users can read";
}

function hasSetpriv(): boolean {
  try {
    accessSync("/usr/bin/setpriv", constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

const problem = namespaceProblem() ?? (hasSetpriv() ? null : "needs setpriv") ?? sourceProblem();

describe.skipIf(problem !== null)(`worker without capabilities (${problem ?? "setpriv"})`, () => {
  let namespace: Namespace;
  const started: WorkerProcess[] = [];

  beforeAll(() => {
    namespace = createNamespace("priv");
  });
  afterEach(async () => {
    for (const worker of started.splice(0)) await worker.sweep();
  });
  afterAll(() => namespace.close());

  function start(): WorkerProcess {
    const worker = new WorkerProcess({ prefix: namespace.command(UNPRIVILEGED) });
    started.push(worker);
    return worker;
  }

  async function abilitiesOf(worker: WorkerProcess): Promise<WorkerAbilities> {
    await worker.until("outcomes", () => worker.outcomeKinds(1).length >= 6);
    const frame = worker.ofType(FRAME.abilities).at(-1);
    return decodeJson(frame?.bytes ?? new Uint8Array()) as WorkerAbilities;
  }

  test("ping_group_range closed: UDP works, ICMP is unsent and the reason is told", async () => {
    namespace.sysctl("net.ipv4.ping_group_range", "1 0");
    const worker = start();
    await worker.hello();
    await worker.table(1, [
      icmpRow(LOCAL, PACE),
      udpRow(LOCAL, 39_001, { ...PACE, flags: TABLE_FLAG.acceptUnreachable }),
    ]);
    const abilities = await abilitiesOf(worker);
    expect(abilities).toMatchObject({ icmp4: "none", udp4: "dgram", stamps: "kernel" });
    expect(abilities.problems).toEqual([
      "ICMP over IPv4 is not available: ping_group_range is closed and CAP_NET_RAW is missing; " +
        "use UDP probes",
    ]);
    expect(new Set(worker.outcomeKinds(1))).toEqual(new Set([OUTCOME.unsent, OUTCOME.replied]));
  });

  test("ping_group_range open: ICMP works through datagram sockets", async () => {
    namespace.sysctl("net.ipv4.ping_group_range", `0 ${NOBODY}`);
    const worker = start();
    await worker.hello();
    await worker.table(1, [icmpRow(LOCAL, PACE)]);
    const abilities = await abilitiesOf(worker);
    expect(abilities).toMatchObject({ icmp4: "dgram", icmp6: "dgram", problems: [] });
    expect(new Set(worker.outcomeKinds(1))).toEqual(new Set([OUTCOME.replied]));
  });

  test("a fwmark is refused and probes do not go another way", async () => {
    const worker = start();
    await worker.hello();
    await worker.table(1, [udpRow(LOCAL, 39_001, { ...PACE, fwmark: 5 })]);
    const abilities = await abilitiesOf(worker);
    expect(abilities.problems).toEqual([
      "cannot set the fwmark of UDP over IPv4: operation not permitted (errno 1); " +
        "it needs CAP_NET_ADMIN or CAP_NET_RAW",
    ]);
    expect(new Set(worker.outcomeKinds(1))).toEqual(new Set([OUTCOME.unsent]));
  });
});
