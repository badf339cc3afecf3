import { expect, test } from "bun:test";
import { hookEnvironment } from "../../../../agent/controller/hooks/environment.ts";
import { pathId } from "../../../../agent/domain/ids.ts";
import { unixMillis } from "../../../../agent/domain/units.ts";
import { failoverEvent } from "../../../support/failover-events.ts";

const AT = unixMillis(1_700_000_000_512);
const CONTEXT = { nodeId: "cpe-1", policyName: "critical" };
const SYSTEM = {
  PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
  LANG: "C.UTF-8",
};

test("hookEnvironment() sets every variable of a failover event and nothing else", () => {
  const happening = { kind: "failover", event: failoverEvent(), id: 41 } as const;
  expect(hookEnvironment("completed", happening, AT, CONTEXT)).toEqual({
    ...SYSTEM,
    PATRONUS_EVENT: "completed",
    PATRONUS_TIMESTAMP: "1700000000",
    PATRONUS_TIMESTAMP_MS: "1700000000512",
    PATRONUS_NODE_ID: "cpe-1",
    PATRONUS_EVENT_ID: "41",
    PATRONUS_POLICY_ID: "1",
    PATRONUS_POLICY_NAME: "critical",
    PATRONUS_FROM_PATH: "fiber",
    PATRONUS_TO_PATH: "lte",
    PATRONUS_REASON: "fiber is down: carrier lost",
    PATRONUS_CAUSE: "hard-down",
    PATRONUS_FAMILY: "4",
    PATRONUS_PRIMARY_SCORE: "0.0",
    PATRONUS_BACKUP_SCORE: "96.3",
    PATRONUS_DURATION_US: "812",
    PATRONUS_PATH: "",
    PATRONUS_OLD_STATUS: "",
    PATRONUS_NEW_STATUS: "",
    PATRONUS_SCORE: "",
  });
});

test("hookEnvironment() tells a change of status and leaves the failover's variables empty", () => {
  const change = { path: pathId("lte"), from: "up", to: "down", score: null } as const;
  const environment = hookEnvironment("path_status", { kind: "path", change }, AT, CONTEXT);
  expect(environment).toMatchObject({
    PATRONUS_PATH: "lte",
    PATRONUS_OLD_STATUS: "up",
    PATRONUS_NEW_STATUS: "down",
    PATRONUS_SCORE: "",
    PATRONUS_POLICY_ID: "",
    PATRONUS_POLICY_NAME: "",
    PATRONUS_EVENT_ID: "",
  });
});

test("hookEnvironment() lets no control character of a reason through", () => {
  const event = failoverEvent({ reason: "by hand\n\u0000\u001b[2Jof Ann" });
  const happening = { kind: "failover", event, id: 1 } as const;
  const { PATRONUS_REASON } = hookEnvironment("completed", happening, AT, CONTEXT);
  expect(PATRONUS_REASON).toBe("by hand [2Jof Ann");
});
