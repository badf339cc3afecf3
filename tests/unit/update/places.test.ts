import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { placesOf } from "../../../agent/update/places.ts";

const folder = "/opt/patronus";
const places = placesOf(`${folder}/patronus-agent`);

test("placesOf() has the names that the rollback script knows", () => {
  const script = readFileSync(
    join(import.meta.dir, "../../../agent/cli/install/assets/rollback.sh"),
    "utf8",
  );
  for (const path of [places.previous, places.marker, places.rescued]) {
    expect(script).toContain(`$dir${path.slice(folder.length)}`);
  }
});
