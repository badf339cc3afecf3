import { expect, test } from "bun:test";
import { ALERT_TYPES } from "../../../../agent/domain/alerts.ts";
import { conditionKey, describe } from "../../../../agent/engine/alerts/wording.ts";
import { FIBER, LTE, settings } from "../../../support/alert-world.ts";

test("describe() has a sentence for every type, with names and the cause", () => {
  const facts = { path: FIBER, policy: 1, cause: "because", subject: "worker" };
  const sentences = ALERT_TYPES.map((type) => describe({ ...facts, type }, LTE, settings()));
  expect(sentences).toEqual([
    "no path of policy critical-traffic works",
    "the link of path Fiber uplink (fiber) is down: because",
    "path Fiber uplink (fiber) is down: because",
    "path Fiber uplink (fiber) is not well, because",
    "policy critical-traffic left Fiber uplink (fiber) for lte: because",
    "policy critical-traffic could not be moved: because",
    "the error budget of worker burns too fast: because",
    "the worker process was started again: because",
    "the worker is not stored: because",
    "the update failed: because",
  ]);
});

test("describe() does without names that are not known", () => {
  const facts = { type: "failover", path: null, policy: 9, cause: "", subject: "9" } as const;
  expect(describe(facts, null, settings())).toBe("policy 9 left its primary");
  expect(conditionKey("failover", "9")).toBe("failover:9");
});
