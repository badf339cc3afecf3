import { describe, expect, test } from "bun:test";
import { idOf, withAccount, withoutAccount } from "../../../../agent/cli/install/accounts.ts";

const FILES = {
  passwd: "root:x:0:0:root:/root:/bin/sh\nntp:x:999:999::/:/bin/false\n",
  group: "root:x:0:\nntp:x:999:\n",
  shadow: "root:*:0:0:99999:7:::\n",
};
const USER = { name: "patronus", group: "patronus", comment: "agent" };
const SECOND = { name: "patronus-super", group: "patronus", comment: "supervisor" };

describe("withAccount()", () => {
  test("takes the highest free number for user and group, and locks the password", () => {
    const made = withAccount(FILES, USER);
    expect(made.passwd).toBe(`${FILES.passwd}patronus:x:998:998:agent:/nonexistent:/bin/false\n`);
    expect(made.group).toBe(`${FILES.group}patronus:x:998:\n`);
    expect(made.shadow).toBe(`${FILES.shadow}patronus:!:0:0:99999:7:::\n`);
  });

  test("changes nothing when all of it is there", () => {
    const made = withAccount(FILES, USER);
    expect(withAccount(made, USER)).toEqual(made);
  });

  test("a second user of a group gets a number of its own", () => {
    const made = withAccount(withAccount(FILES, USER), SECOND);
    expect([idOf(made.passwd, "patronus-super"), idOf(made.group, "patronus")]).toEqual([997, 998]);
    expect(made.passwd).toContain("patronus-super:x:997:998:");
  });

  test("a file without a last newline, and a box without shadow", () => {
    const made = withAccount({ passwd: "root:x:0:0::/:/bin/sh", group: "", shadow: null }, USER);
    expect(made.passwd.split("\n")).toHaveLength(3);
    expect(made.shadow).toBeNull();
  });
});

test("withoutAccount() takes back what was added, the group with its last user", () => {
  const both = withAccount(withAccount(FILES, USER), SECOND);
  const one = withoutAccount(both, SECOND);
  expect(idOf(one.group, "patronus")).toBe(998);
  expect(withoutAccount(one, USER)).toEqual(FILES);
});
