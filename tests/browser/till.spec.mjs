// The till page in Debian's Chromium, with a camera that plays a drawn face: the real hub, wallet and pack behind it.

import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { after, before, beforeEach, test } from "node:test";

import { chromium } from "playwright-core";

import { city, run, shots } from "./hub.mjs";

const SLOW_MS = 30_000;
/** A tablet on a counter. */
const COUNTER = { width: 820, height: 1100 };

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
      `--use-file-for-fake-video-capture=${join(shots, "faces/hanako.mjpeg")}`,
    ],
  });
  page = await browser.newPage({ locale: "ja-JP", viewport: COUNTER, reducedMotion: "reduce" });
  page.setDefaultTimeout(SLOW_MS);
  page.on("console", (message) => {
    const refused = message.text().startsWith("Failed to load resource");
    if (message.type() === "error" && !refused) faults.push(message.text());
  });
  page.on("pageerror", (error) => faults.push(String(error)));
});

beforeEach(async () => {
  await page.setViewportSize(COUNTER);
  await page.goto(town.till);
  await view("amount");
});

after(async () => {
  await browser?.close();
  await town?.stop();
});

const view = (name) => page.locator(`main[data-view="${name}"]`).waitFor();
const text = (selector) => page.locator(selector).innerText();
const shot = (name) => page.screenshot({ path: join(shots, `${name}.png`) });

/** Keys in an amount, digit by digit, as a cashier does. */
async function key(amount) {
  await view("amount");
  for (const digit of String(amount)) await page.locator(`#amount-keypad [data-digit="${digit}"]`).click();
}

/** Goes from the amount to the camera and picks a drawn face in its place. */
async function pick(face) {
  await page.locator("#amount-next").click();
  await view("look");
  await page.locator(`[data-face="${face}"]`).click();
  await page.locator("#look-pay:enabled").waitFor();
}

test("expo_28 a person is told that the face alone pays and pays", async () => {
  await key(1200);
  await shot("1-amount");
  await page.locator("#amount-next").click();
  await view("look");
  await page.locator("#look-pay:enabled").waitFor();
  await page.waitForFunction(() => document.getElementById("video").videoWidth > 0);
  await shot("2-look");
  assert.equal(await text("#look-pay"), "顔で ¥1,200 支払う");
  assert.match(await text("#look-means"), /^顔だけで支払いが完了します/);
  await page.locator("#look-pay").click();
  await view("paid");
  await shot("3-paid");
  assert.equal(await text("#paid-name"), "山＊＊＊ さま");
  assert.equal(await text("#paid-amount"), "¥1,200");
  assert.equal(await text("#paid-rail"), "ウォレットでのお支払い");
  await page.locator("main section:not([hidden]) [data-restart]").click();
  await view("amount");
});

for (const [face, code] of [
  ["nobody", "face.none"],
  ["two", "face.several"],
  ["stranger", "face.not_recognised"],
  ["masked", "face.masked"],
  ["screen", "liveness.attack"],
  ["sakura", "funds.insufficient"],
]) {
  test(`${face} is refused: ${code}`, async () => {
    await key(1200);
    await pick(face);
    await page.locator("#look-pay").click();
    await view("refused");
    await shot(`4-refused-${face}`);
    assert.equal(await text("#refused-code"), code);
    assert.equal(await text("#refused-nothing"), "お金は動いていません。");
    const title = await text("#refused-title");
    assert.ok(title.length > 4 && !title.includes("."), `a title in words: ${title}`);
    });
}

test("above the cap the PIN is asked, a wrong one is refused, the right one pays", async () => {
  await key(6000);
  await pick("hanako");
  assert.match(await text("#look-means"), /^顔と暗証番号で支払いが完了します/);
  await page.locator("#look-pay").click();
  await view("pin");
  for (const digit of "9999") await page.locator(`#pin-keypad [data-digit="${digit}"]`).click();
  await shot("5-pin");
  await page.locator("#pin-pay").click();
  await page.locator("#pin-fault", { hasText: "暗証番号が違います" }).waitFor();
  await page.keyboard.type("2718");
  await page.locator("#pin-pay").click();
  await view("paid");
  assert.equal(await text("#paid-amount"), "¥6,000");
});

test("an amount above the till's limit cannot be sent", async () => {
  await page.keyboard.type("30001");
  assert.equal(await page.locator("#amount-next").isDisabled(), true);
  assert.match(await text("#amount-hint"), /¥30,000/);
  await page.keyboard.press("Backspace");
  assert.equal(await text("#amount"), "¥3,000");
  for (let digit = 0; digit < 4; digit += 1) await page.keyboard.press("Backspace");
  assert.equal(await page.locator("#amount-next").isDisabled(), true);
});

test("while the wallet is silent the page says so, and pays once when it speaks again", async () => {
  await town.misbehave("any", "lose_reply", 1000);
  await key(700);
  await pick("hanako");
  await page.locator("#look-pay").click();
  await view("unknown");
  await shot("6-unknown");
  assert.match(await text("#unknown-number"), /pay_[0-9a-f]{32}/);
  await town.behave();
  await view("paid");
  assert.equal(await text("#paid-amount"), "¥700");
});

test("the page speaks English too", async () => {
  await page.locator("#language").click();
  await page.locator("h1", { hasText: "How much?" }).waitFor();
  assert.equal(await page.evaluate(() => document.documentElement.lang), "en");
  assert.equal(await text("#banner"), "Demo pack: recognises drawings, not people");
  await shot("7-english");
  await page.locator("#language").click();
  await page.locator("h1", { hasText: "金額を入力" }).waitFor();
});

test("a narrow telephone shows everything without sideways scrolling", async () => {
  await page.setViewportSize({ width: 360, height: 740 });
  await key(980);
  await shot("8-narrow-amount");
  await page.locator("#amount-next").click();
  await view("look");
  const sideways = () => page.evaluate(() => document.documentElement.scrollWidth > window.innerWidth);
  assert.equal(await sideways(), false);
  await page.locator("#look-pay:enabled").waitFor();
  await shot("8-narrow-look");
  await page.locator("#look-back").click();
});

test("nothing broke the content policy or threw", () => {
  assert.deepEqual(faults, []);
});
