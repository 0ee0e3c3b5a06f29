// A till outside the demo: the page asks for the till's key once, and offers no drawn faces.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { chromium } from "playwright-core";

import { hub } from "./hub.mjs";

let real;
let browser;
let page;

before(async () => {
  real = await hub();
  browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox"] });
  page = await browser.newPage({ locale: "en-GB", viewport: { width: 820, height: 1100 } });
  await page.goto(real.till);
});

after(async () => {
  await browser?.close();
  await real?.stop();
});

test("a till is asked for its key, refuses a wrong one, and keeps the right one", async () => {
  await page.locator("h1", { hasText: "Which till is this?" }).waitFor();
  await page.locator("#key").fill("tb_no_key");
  await page.keyboard.press("Enter");
  await page.locator("#key-fault", { hasText: "does not know this key" }).waitFor();
  await page.locator("#key").fill(real.tillKey);
  await page.keyboard.press("Enter");
  await page.locator('main[data-view="amount"]').waitFor();
  assert.equal(await page.locator("#place").innerText(), "Bookshop · Till 1");
  await page.reload();
  await page.locator('main[data-view="amount"]').waitFor();
  assert.equal(await page.evaluate(() => document.cookie), "", "no script can read the session");
});

test("where there is no camera and no demo the page says so", async () => {
  await page.keyboard.type("500");
  await page.locator("#amount-next").click();
  await page.locator("#mirror-word", { hasText: "camera" }).waitFor();
  assert.equal(await page.locator("#look-pay").isDisabled(), true);
  assert.equal(await page.locator("#demo").isVisible(), false);
});
