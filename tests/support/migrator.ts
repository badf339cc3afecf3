/** A process that opens a history database once, which migrates it: `bun migrator.ts PATH`. */

import { openDatabase } from "../../agent/io/store/database.ts";

const path = process.argv[2] ?? "";
const opened = openDatabase({ path, maxPages: 49_152, openTimeoutMs: 0 });
if (opened.kind === "fault") throw new Error(opened.fault.reason);
opened.value.close();
