// The enrolment page in Debian's Chromium, with a camera that plays a drawn face that moves: the real hub and pack behind it. Every
// view is held against WCAG 2.2 A and AA by axe.

import assert from "node:assert/strict";
import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { chromium } from "playwright-core";

import { city, run, shots } from "./hub.mjs";

const SLOW_MS = 60_000;
const TELEPHONE = { width: 390, height: 844 };
const DESK = { width: 1280, height: 900 };
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];

let town;
let browser;
let page;
const faults = [];

before(async () => {
  mkdirSync(shots, { recursive: true });
  await run("demo", "faces", join(shots, "faces"));
  town = await city();
  browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: [
      "--no-sandbox",
      "--use-fake-ui-for-media-stream",
      "--use-fake-device-for-media-stream",
      `--use-file-for-fake-video-capture=${join(shots, "faces/enrolling.mjpeg")}`,
    ],
  });
  page = await open(TELEPHONE, "ja-JP");
});

after(async () => {
  await browser?.close();
  await town?.stop();
});

async function open(viewport, locale) {
  // axe is put into the page from outside, past the page's own policy; that policy is tested at the API.
  const context = await browser.newContext({ locale, viewport, reducedMotion: "reduce", bypassCSP: true });
  const opened = await context.newPage();
  opened.setDefaultTimeout(SLOW_MS);
  opened.on("console", (message) => {
    const refused = message.text().startsWith("Failed to load resource");
    if (message.type() === "error" && !refused) faults.push(message.text());
  });
  opened.on("pageerror", (error) => faults.push(String(error)));
  return opened;
}

const view = (name) => page.locator(`main[data-view="${name}"]`).waitFor();
const shot = (name) => page.screenshot({ path: join(shots, `enroll-${name}.png`), fullPage: true });

/** Holds what is shown against the rules; says what is wrong and where. */
async function accessible(what) {
  await page.evaluate(axe);
  const found = await page.evaluate((tags) => window.axe.run(document, { runOnly: tags }), RULES);
  const wrong = found.violations.flatMap((rule) => rule.nodes.map((node) => `${rule.id}: ${node.target} ${node.failureSummary}`));
  assert.deepEqual(wrong, [], what);
}

async function agreeTo(purpose) {
  await page.locator(`[data-purpose="${purpose}"] [data-say="given"]`).click();
  await page.locator(`[data-purpose="${purpose}"] [data-say="given"][aria-pressed="true"]`).waitFor();
}

test("without a ticket nothing opens, and a wrong one is refused in words", async () => {
  await page.goto(`${town.origin}/enroll?demo=no`);
  await view("ticket");
  await accessible("ticket");
  await page.locator("#ticket").fill("tbe_00_AA");
  await page.keyboard.press("Enter");
  await page.locator("#fault", { hasText: "登録券が見つかりません" }).waitFor();
});

test("a person enrols: name, consent by consent, face, means to pay, PIN", async () => {
  await page.goto(`${town.origin}/enroll#${await town.ticket()}`);
  await view("details");
  assert.equal(await page.evaluate(() => location.hash), "", "the ticket is not left in the address");
  assert.equal(await page.evaluate(() => document.cookie), "", "no script can read the page's session");
  await accessible("details");
  await shot("1-details");
  await page.locator("#name").fill("青木 次郎");
  await page.keyboard.press("Enter");

  await view("consent");
  await accessible("consent");
  assert.equal(await page.locator("#consent-next").isDisabled(), true, "every purpose has an answer of its own");
  for (const purpose of ["authenticate", "payment_instrument", "narrow_gallery"]) await agreeTo(purpose);
  await page.locator('[data-purpose="enquiries"] [data-say="refused"]').click();
  await page.locator("#consent-next:enabled").waitFor();
  await shot("2-consent");
  await accessible("consent answered");
  await page.locator("#consent-next").click();

  await view("capture");
  assert.equal(await page.locator("input[type=file]").count(), 0, "there is no way to send an old photograph");
  await accessible("capture");
  await page.locator("#capture-start").click();
  await page.locator("#prompt", { hasText: "正面" }).waitFor();
  await shot("3-capture");

  await view("instrument");
  await accessible("instrument");
  await shot("4-instrument");
  await page.locator('#rails input[value="house"]').check();
  await page.locator("#instrument-form button").click();

  await view("pin");
  await accessible("pin");
  await page.locator("#pin").fill("2718");
  await page.locator("#pin-again").fill("2719");
  await page.keyboard.press("Enter");
  await page.locator("#fault", { hasText: "二つの暗証番号が違います" }).waitFor();
  await page.locator("#pin").fill("2718");
  await page.locator("#pin-again").fill("2718");
  await page.keyboard.press("Enter");

  await view("home");
  await accessible("home");
  await shot("5-home");
  assert.match(await page.locator("#fact-face").innerText(), /登録$/);
  assert.equal(await page.locator("#fact-consents").innerText(), "3");
});

test("the page is the same after it was loaded again, and speaks English", async () => {
  await page.reload();
  await view("home");
  await page.locator("#language").click();
  await page.locator("h1", { hasText: "all set" }).waitFor();
  assert.equal(await page.evaluate(() => document.documentElement.lang), "en");
  await accessible("home in English");
});

test("a means to pay is taken away, and another one added", async () => {
  await page.locator('[data-go="instrument"]').first().click();
  await view("instrument");
  await page.locator('#instruments [data-instrument] button').click();
  await view("sure");
  await accessible("sure to remove a means to pay");
  await page.locator("#sure-yes").click();
  await view("instrument");
  assert.equal(await page.locator("#instruments [data-instrument]").count(), 0);
  await accessible("no means to pay");
  await page.locator('#rails input[value="house"]').check();
  await page.locator("#instrument-form button").click();
  await view("home");
  assert.equal(await page.locator("#fact-instruments").innerText(), "1");
});

test("data is taken along, a receipt is signed, and use stops when she says so", async () => {
  await page.locator('[data-go="data"]').first().click();
  await view("data");
  await accessible("data");
  await shot("6-data");
  const [export_] = await Promise.all([page.waitForEvent("download"), page.locator("#export").click()]);
  const held = JSON.parse(readFileSync(await export_.path(), "utf8"));
  assert.equal(held.person.name, "青木 次郎");
  assert.deepEqual(Object.keys(held.face_templates[0]).sort(), ["enrolled_at", "id", "pack"]);
  const [receipt] = await Promise.all([page.waitForEvent("download"), page.locator("#receipts a").first().click()]);
  assert.equal(JSON.parse(readFileSync(await receipt.path(), "utf8")).receipt.state, "given");
  await page.locator("#note").fill("My name is spelled 治郎");
  await page.locator("#ask-form button").click();
  await page.locator("#data-word", { hasText: "We answer by" }).waitFor();
  await page.locator("#stop").click();
  await view("sure");
  await accessible("sure");
  await page.locator("#sure-yes").click();
  await view("home");
  assert.equal(await page.locator("#fact-face").innerText(), "not enrolled");
  assert.equal(await page.locator("#fact-consents").innerText(), "0");
});

test("she leaves, and is nowhere", async () => {
  await page.locator('[data-go="data"]').first().click();
  await view("data");
  await page.locator("#leave").click();
  await view("sure");
  await page.locator("#sure-yes").click();
  await view("over");
  await page.locator("h1", { hasText: "Your data is deleted" }).waitFor();
  await accessible("over");
  await page.goto(`${town.origin}/enroll?demo=no`);
  await view("ticket");
});

test("a guardian registers her child, enrols its face and goes back to her own page", async () => {
  const mother = (await town.operator("/v1/people", { name: "青木 花" })).id;
  await town.operator(`/v1/people/${mother}/claims`, {
    document: "driving_licence", claims: [{ name: "birth_date", value: "1985-04-01" }], valid_until: new Date(Date.now() + 365 * 86_400_000).toISOString(), agreed: true,
  });
  page = await open(TELEPHONE, "ja-JP");
  await page.goto(`${town.origin}/enroll#${await town.ticket(mother)}`);
  await view("consent");
  for (const card of await page.locator("[data-purpose]").all()) {
    const purpose = await card.getAttribute("data-purpose");
    await page.locator(`[data-purpose="${purpose}"] [data-say="refused"]`).click();
    await page.locator(`[data-purpose="${purpose}"] [data-say="refused"][aria-pressed="true"]`).waitFor();
  }
  await page.locator("#consent-next").click();
  await view("instrument");
  await page.locator("#instrument-next").click();
  await view("pin");
  await page.locator("#pin-next").click();
  await view("home");
  await page.locator('[data-go="family"]').click();
  await view("family");
  await accessible("family");
  await page.locator("#child-name").fill("青木 次郎");
  await page.locator("#child-born").fill("1990-04-01");
  await page.keyboard.press("Enter");
  await page.locator("#fault", { hasText: "成人の方です" }).waitFor();
  await page.locator("#child-born").fill("2016-04-01");
  await page.keyboard.press("Enter");
  const child = page.locator('[data-member="ward"]');
  await child.locator("h2", { hasText: "青木 次郎" }).waitFor();
  await shot("9-family");
  await accessible("family with a child");
  await child.locator("button").first().click();

  await view("consent");
  await page.locator("#acting-for", { hasText: "青木 次郎 さまの手続き" }).waitFor();
  for (const purpose of ["authenticate", "narrow_gallery"]) await agreeTo(purpose);
  for (const purpose of ["payment_instrument", "enquiries"]) await page.locator(`[data-purpose="${purpose}"] [data-say="refused"]`).click();
  await page.locator("#consent-next:enabled").click();
  await view("capture");
  await accessible("capture for a child");
  await page.locator("#capture-start").click();
  await view("instrument");
  await page.locator("#instrument-next").click();
  await view("pin");
  await page.locator("#pin-next").click();
  await view("home");
  await shot("10-for-a-child");
  assert.equal(await page.locator('section[data-view="home"] [data-go="details"]').isVisible(), false, "what only she does herself");
  await page.locator("#acting-back").click();
  await view("family");
  await child.locator("p", { hasText: "お顔の登録あり" }).waitFor();
  await child.locator("button").last().click();
  await page.locator("#family-hint", { hasText: "代わりに手続きをする方はまだいません" }).waitFor();
});

test("who does not agree goes on without a face, at a desk's screen", async () => {
  page = await open(DESK, "en-GB");
  await page.goto(`${town.origin}/enroll#${await town.ticket()}`);
  await view("details");
  await page.locator("#name").fill("Mary");
  await page.keyboard.press("Enter");
  await view("consent");
  for (const card of await page.locator("[data-purpose]").all()) {
    const purpose = await card.getAttribute("data-purpose");
    await page.locator(`[data-purpose="${purpose}"] [data-say="refused"]`).click();
    await page.locator(`[data-purpose="${purpose}"] [data-say="refused"][aria-pressed="true"]`).waitFor();
  }
  await page.locator("#consent-word", { hasText: "no face is taken" }).waitFor();
  await page.locator("#consent-next").click();
  await view("instrument");
  await shot("7-without-face");
});

test("a narrow telephone shows everything without sideways scrolling", async () => {
  await page.setViewportSize({ width: 320, height: 640 });
  assert.equal(await page.evaluate(() => document.documentElement.scrollWidth > window.innerWidth), false);
});

test("the notice says who answers, for what, and how to do without, in both languages", async () => {
  for (const [language, title] of [["ja", "このカメラはお顔を認識します"], ["en", "A camera here recognises faces"]]) {
    await page.goto(`${town.origin}/notice?lang=${language}`);
    await page.locator("h1", { hasText: title }).waitFor();
    assert.equal(await page.evaluate(() => document.documentElement.lang), language);
    await accessible(`notice ${language}`);
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth > window.innerWidth), false);
  }
  await shot("8-notice");
});

test("nothing threw", () => {
  assert.deepEqual(faults, []);
});
