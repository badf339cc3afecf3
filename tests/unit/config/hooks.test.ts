import { expect, test } from "bun:test";
import { parseConfig } from "../../../agent/config/parse.ts";

const BASE = `
paths:
  - { id: fiber, targets: [192.0.2.1] }
  - { id: lte, targets: [192.0.2.1] }
policies:
  - { id: 7, primary: fiber, backups: [lte] }
`;

function parsed(text: string) {
  const result = parseConfig([{ name: "agent.yaml", text: BASE + text }], {});
  if (result.kind === "invalid") throw new Error(JSON.stringify(result.problems));
  return result.config;
}

test("without the keys nobody is told", () => {
  expect(parsed("")).toMatchObject({ hooks: [], coordination: { track_file: null } });
  expect(parsed("hooks:\ncoordination: {}\n").coordination).toEqual({ track_file: null });
});

test("a hook is a program with its defaults, or a list of it and its arguments", () => {
  const { hooks } = parsed(`
hooks:
  - { on: [path_status, completed], exec: /bin/notify }
  - { on: [failed], exec: [/bin/notify, "-v", ""], policy: 7, timeout_secs: 300 }
`);
  expect(hooks).toEqual([
    { on: ["completed", "path_status"], exec: ["/bin/notify"], policy: null, timeout_secs: 10 },
    { on: ["failed"], exec: ["/bin/notify", "-v", ""], policy: 7, timeout_secs: 300 },
  ]);
});

test("a track file follows a policy or a path", () => {
  const { coordination } = parsed("coordination: { track_file: { path: /run/wan, of_policy: 7 } }");
  expect(coordination.track_file).toEqual({
    path: "/run/wan",
    of: { kind: "policy", policy: 7 },
    values: { primary: 0, backup: 30, down: 100 },
    dwell_secs: 10,
  });
  const ofPath = parsed(
    "coordination: { track_file: { path: /run/wan, of_path: lte, values: { down: -254 } } }",
  );
  expect(ofPath.coordination.track_file).toMatchObject({
    of: { kind: "path", path: "lte" },
    values: { down: -254 },
  });
});
