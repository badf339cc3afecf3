import { expect, test } from "bun:test";
import { pathId } from "../../../../agent/domain/ids.ts";
import { unixSeconds } from "../../../../agent/domain/units.ts";
import { readHistory, strangeParameters } from "../../../../agent/io/http/query.ts";

const NOW = unixSeconds(1_700_000_000);

function read(query: string) {
  return readHistory("fiber", new URLSearchParams(query), NOW);
}

function wrongIn(query: string): string[] {
  const result = read(query);
  return result.kind === "wrong" ? result.errors.map(({ parameter }) => parameter) : [];
}

test("readHistory() gives the last hour and 1,000 rows by default", () => {
  expect(read("")).toEqual({
    kind: "read",
    query: {
      path: pathId("fiber"),
      from: unixSeconds(NOW - 3_600),
      to: NOW,
      limit: 1_000,
      cursor: null,
    },
  });
});

test("readHistory() takes the hour before `to`", () => {
  const result = read("to=10000&limit=10000&cursor=0");
  const query = result.kind === "read" ? result.query : null;
  expect(query).toMatchObject({ from: 6_400, to: 10_000, limit: 10_000, cursor: 0 });
});

const wrong = [
  { query: "limit=0", want: ["limit"] },
  { query: "limit=10001", want: ["limit"] },
  { query: "limit=1e3", want: ["limit"] },
  { query: "limit=", want: ["limit"] },
  { query: "from=-1&to=1.5&limit=x&cursor=y", want: ["to", "from", "limit", "cursor"] },
  { query: "from=2&to=1", want: ["from"] },
  { query: "to=1700000000000", want: ["to"] },
  { query: "cursor=9007199254740992", want: ["cursor"] },
  { query: "foo=1&limit=0", want: ["foo", "limit"] },
  { query: "limit=1&limit=2", want: ["limit"] },
];

test.each(wrong)("readHistory($query) names $want", ({ query, want }) => {
  expect(wrongIn(query)).toEqual(want);
});

test("readHistory() takes from equal to to", () => {
  expect(wrongIn("from=5&to=5")).toEqual([]);
});

test("strangeParameters() says what it wants", () => {
  const params = new URLSearchParams("a=1&b=1&b=2");
  expect(strangeParameters(params, ["b", "c"])).toEqual([
    { parameter: "a", message: "unknown parameter: known are b, c" },
    { parameter: "b", message: "given 2 times: want once" },
  ]);
  expect(strangeParameters(params, [])[0]?.message).toBe("unknown parameter: none is known here");
});
