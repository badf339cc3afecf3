import { expect, test } from "bun:test";
import { closest } from "../../../agent/config/suggestion.ts";

const KNOWN = ["interface", "id", "targets", "latency_ms", "loss_pct", "liveness", "listen"];

test.each([
  ["interfac", "interface"],
  ["intreface", "interface"],
  ["Targets", "targets"],
  ["target", "targets"],
  ["latency", "latency_ms"],
  ["lsiten", "listen"],
  ["x", null],
  ["completely", null],
  ["li", null],
  ["i".repeat(1_000), null],
])("closest() takes %s for %p", (word, expected) => {
  expect(closest(word, KNOWN)).toBe(expected);
});
