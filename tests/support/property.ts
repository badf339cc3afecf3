/**
 * fast-check as every test takes it. A gate has to say the same of the same tree, so its cases are
 * those of one seed; FULL=1 draws new ones, and many more of them, to find what is still there.
 */

import fc from "fast-check";

const isFull = process.env["FULL"] === "1";

if (!isFull) fc.configureGlobal({ seed: 20_261_124 });

export { fc };
