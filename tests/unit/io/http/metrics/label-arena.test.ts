import { expect, test } from "bun:test";
import {
  escapeLabel,
  LabelArena,
  MARK,
  MARKS,
} from "../../../../../agent/io/http/metrics/label-arena.ts";
import { pathLabels } from "../../../../support/fake-view.ts";

test("escapeLabel() escapes backslash, double quote and line feed, and nothing else", () => {
  expect(escapeLabel('a\\b"c\nd\te\u00e4')).toBe('a\\\\b\\"c\\nd\te\u00e4');
  expect(escapeLabel("plain")).toBe("plain");
});

function piecesOf(arena: LabelArena, row: number): string[] {
  const bytes = arena.bytes();
  const marks = [MARK.start, MARK.idEnd, MARK.nameEnd, MARK.closeEnd, MARK.infoEnd];
  const at = marks.map((mark) => arena.marks[row * MARKS + mark] ?? -1);
  return at.slice(1).map((end, i) => new TextDecoder().decode(bytes.subarray(at[i], end)));
}

test("LabelArena marks the pieces of every path in octets", () => {
  const arena = new LabelArena(2);
  arena.addPath(0, pathLabels(0, { name: "Z\u00fcrich \ud800", interface: null }));
  arena.addPath(
    1,
    pathLabels(1, { targets: ["a", "b"], probes: ["icmp", "icmp"], interface: 'w"1' }),
  );
  arena.add("later");
  expect(piecesOf(arena, 0)).toEqual([
    'path_id="path-0"',
    ',path_name="Z\u00fcrich \ufffd"',
    "} ",
    ',interface="",target="192.0.2.0",probe="icmp"} ',
  ]);
  expect(piecesOf(arena, 1)).toEqual([
    'path_id="path-1"',
    ',path_name="Path 1"',
    "} ",
    ',interface="w\\"1",target="a,b",probe="icmp"} ',
  ]);
});
