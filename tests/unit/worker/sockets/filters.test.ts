/** Socket filters, as the octets the kernel gets. */

import { expect, test } from "bun:test";
import {
  filterProgram,
  icmp4Filter,
  icmp6Filter,
  idFilter,
} from "../../../../agent/worker/sockets/filters.ts";

test("icmp4Filter() lets echo replies through only", () => {
  expect(icmp4Filter().toHex()).toBe("feffffff");
});

test("icmp6Filter() lets type 129 through only", () => {
  const filter = new Uint32Array(icmp6Filter().buffer);
  const passed = Array.from({ length: 256 }, (_, type) => type).filter(
    (type) => (((filter[type >>> 5] ?? 0) >>> (type & 31)) & 1) === 0,
  );
  expect(passed).toEqual([129]);
});

test("idFilter() loads the id behind the IP header for IPv4, at 4 for IPv6", () => {
  expect(idFilter(4, 0x1234).toHex()).toBe(
    "b100000000000000" +
      "4800000004000000" +
      "1500000134120000" +
      "0600000000000400" +
      "0600000000000000",
  );
  expect(idFilter(6, 0x1234).toHex()).toBe(
    "2800000004000000" + "1500000134120000" + "0600000000000400" + "0600000000000000",
  );
});

test("filterProgram() is a length and a pointer", () => {
  expect(filterProgram(5, 0x7f12_3456_789a).toHex()).toBe("05000000000000009a785634127f0000");
});
