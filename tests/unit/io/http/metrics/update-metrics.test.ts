import { expect, test } from "bun:test";
import { updateMetrics } from "../../../../../agent/io/http/metrics/update-metrics.ts";
import { updateBody } from "../../../../support/update-body.ts";

test("updateMetrics() has nothing to say without updates", () => {
  expect(updateMetrics(null, false)).toBe("");
});

test("updateMetrics() leaves out what does not exist", () => {
  const text = updateMetrics(updateBody(), false);
  expect(text).toContain(`patronus_update_state{state="idle"} 1\n`);
  expect(text).toContain(`patronus_update_state{state="trial"} 0\n`);
  expect(text).toContain("patronus_update_running_release 1\n");
  expect(text).not.toContain("available_release");
  expect(text).not.toContain("last_check");
});

test("updateMetrics() tells of a newer release and of the last step of each kind", () => {
  const step = { version: "0.2.2", release: 2, detail: "" };
  const body = updateBody({
    available: { version: "0.2.2", release: 2, how: "delta", octets: 30 },
    last_check: { at: 50, outcome: "offered", reason: "" },
    steps: [
      { ...step, number: 1, at: 10, step: "refused" },
      { ...step, number: 2, at: 20, step: "refused" },
    ],
  });
  const text = updateMetrics(body, true);
  expect(text).toContain("patronus_update_available_release 2\n");
  expect(text).toContain("patronus_update_payload_bytes 30\n");
  expect(text).toContain("patronus_update_last_check_timestamp_seconds 50\n");
  expect(text).toContain(`patronus_update_last_step_timestamp_seconds{step="refused"} 20\n`);
  expect(text).not.toContain("committed");
});
