import { expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { PAGE_POLICY, statusPage } from "../../../../agent/io/http/page.ts";
import { FakeMetrics, FakeView, pathLabels } from "../../../support/fake-view.ts";

const EVIL = `<img src=x onerror="alert('1')">&`;

test("statusPage() escapes every text from outside", async () => {
  const labels = pathLabels(0, { id: EVIL, name: EVIL, interface: EVIL, targets: [EVIL] });
  const view = new FakeView(new FakeMetrics([labels]));
  const status = {
    ...view.status(),
    problems: [EVIL],
    version: EVIL,
    node: { id: EVIL, site: "" },
  };
  const page = String(await statusPage(view.snapshot(), status));
  expect(page).not.toContain("<img");
  expect(
    page.match(/&lt;img src=x onerror=&quot;alert\(&#39;1&#39;\)&quot;&gt;&amp;/g)?.length,
  ).toBe(8);
});

test("statusPage() carries exactly the style that its policy allows, and no script", async () => {
  const view = new FakeView();
  const page = String(await statusPage(view.snapshot(), view.status()));
  const style = /<style>([\s\S]*)<\/style>/.exec(page)?.[1] ?? "";
  const digest = createHash("sha256").update(style).digest("base64");
  expect(PAGE_POLICY).toContain(`style-src 'sha256-${digest}'`);
  expect(PAGE_POLICY).toStartWith("default-src 'none'");
  expect(page).not.toMatch(/<script|style=|javascript:/);
});

test("statusPage() shows a dash for what does not exist, and cuts long tables", async () => {
  const metrics = new FakeMetrics(Array.from({ length: 502 }, (_, row) => pathLabels(row)));
  metrics.set(0, "down", 0);
  const view = new FakeView(metrics);
  const page = String(await statusPage(view.snapshot(), view.status()));
  expect(page).toContain("2 more paths");
  expect(page).toContain("0 up, 0 degraded, 1 down, 501 unknown");
  expect(page).toContain('<td class="n">0</td>\n<td class="n">-</td>');
  expect(page).not.toContain("NaN");
});
