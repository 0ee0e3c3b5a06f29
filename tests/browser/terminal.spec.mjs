// The terminals of city services in Debian's Chromium: gate, clinic, bus, shelter, all of them one page. Drawn faces, the real hub.

import assert from "node:assert/strict";
import { createHmac, generateKeyPairSync } from "node:crypto";
import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { after, before, beforeEach, test } from "node:test";

import { chromium } from "playwright-core";

import { city, shots } from "./hub.mjs";

const SLOW_MS = 30_000;
/** A tablet on a stand. */
const STAND = { width: 820, height: 1100 };
const OFFICE = "the ticket office of the test";
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

let town;
let browser;
let page;
let hanako;
const faults = [];

/** What the ticket office prints. */
function ticket(number, pass) {
  const signed = `TK1.${number}.${pass}.2020-01-01.2099-12-31`;
  return `${signed}.${createHmac("sha256", OFFICE).update(signed).digest("hex")}`;
}

before(async () => {
  mkdirSync(shots, { recursive: true });
  town = await city();
  hanako = town.setting("hanako");
  const [merchant, gallery] = [town.setting("merchant"), town.setting("gallery")];
  town.credential("tickets", OFFICE);
  await town.install("gate", { keys: { tickets: "tickets" } });
  await town.install("play-park", {});
  await town.install("shelter", {});
  await town.install("transit", {});
  town.credential("receipts", generateKeyPairSync("ed25519").publicKey.export({ type: "spki", format: "pem" }));
  // Nobody here has stored numbers, so the eligibility terminal is not asked.
  const terminal = { origin: "http://127.0.0.1:9", reach: ["loopback"] };
  await town.install("clinic", { keys: { receipts: "receipts" }, endpoints: { terminal } });
  const sheltered = (await town.operator("/v1/galleries", { name: "避難者" })).id;
  const today = (await town.operator("/v1/galleries", { name: "きょうの来場者" })).id;
  /** A file of an example, with the ids of this city. */
  const example = (name) => readFileSync(join(import.meta.dirname, "../../examples", name), "utf8")
    .replaceAll(/mrc_01a2\w+/g, merchant).replaceAll(/gal_01a2\w+1"/g, `${gallery}"`).replaceAll(/gal_01a2\w+2"/g, `${today}"`);
  const venue = example("services/venue.toml");
  const park = `plugin = "jp.tebura.play-park"\nmerchant = "${merchant}"\ncap = 5000\ngallery = "${gallery}"\n`
    + `title = { ja = "遊び場", en = "Park" }\npayees.facility = "${merchant}"\ngalleries.today = "${today}"\n`
    + `[settings]\nmunicipality = "17206"\ncapacity = 50\nvisit_minutes = 240\nprice = { child = 300, adult = 500 }\n`;
  const playground = `${park.replace('"遊び場"', '"広場"')}confirm_groups = true\n[[settings.areas]]\nid = "small"\n`
    + `title = { ja = "よちよち広場", en = "Toddlers" }\nstages = ["toddler"]\ncapacity = 9\nchildren_per_adult = 2\n`;
  const common = `merchant = "${merchant}"\ngallery = "${gallery}"\n`;
  const shelters = `plugin = "jp.tebura.shelter"\n${common}title = { ja = "避難所", en = "Shelters" }\ngalleries.sheltered = "${sheltered}"\n`
    + `[settings]\nshelters = [{ id = "east", name = "東小学校", capacity = 4 }]\n`;
  const bus = `plugin = "jp.tebura.transit"\n${common}cap = 5000\ntitle = { ja = "市バス", en = "City bus" }\npayees.operator = "${merchant}"\n`
    + `[settings]\ncollect = "boarding"\nride_minutes = 120\npasses = []\n`
    + `fares = { route = "sea", stops = [{ id = "S1", name = "駅前", zone = "1" }, { id = "S2", name = "市役所", zone = "1" }], fares = { "1>1" = 100 } }\n`
    + `policy = { child_by = "school-year", free_infants = 2, senior_from = 70, senior_of = "17206", reductions = [] }\n`;
  const clinic = example("services/clinic.toml");
  await town.configure({ venue, park, playground, shelters, bus, clinic });
  const bind = { action: "bind", by: "staff", person: hanako, input: { ticket: ticket("S1", "season") } };
  const key = (await town.operator("/v1/keys", { merchant, scopes: ["services"] })).secret;
  const bound = await town.call("/v1/services/venue/requests", bind, key);
  assert.equal(bound.output.bound, true);
  const register = { action: "register", by: "staff", person: hanako, input: { patient_number: "0001234" } };
  await town.call("/v1/services/clinic/requests", register, key);
  browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--use-fake-ui-for-media-stream"],
  });
  page = await browser.newPage({ locale: "ja-JP", viewport: STAND, reducedMotion: "reduce" });
  page.setDefaultTimeout(SLOW_MS);
  page.on("console", (message) => {
    const refused = message.text().startsWith("Failed to load resource");
    if (message.type() === "error" && !refused) faults.push(message.text());
  });
  page.on("pageerror", (error) => faults.push(String(error)));
});

beforeEach(() => page.setViewportSize(STAND));

after(async () => {
  await browser?.close();
  await town?.stop();
});

const view = (name) => page.locator(`main[data-view="${name}"]`).waitFor();
const text = (selector) => page.locator(selector).innerText();
const shot = (name) => page.screenshot({ path: join(shots, `terminal-${name}.png`) });

async function open(path) {
  await page.goto(`${town.origin}/terminal/${path}`);
  await view("idle");
}

/** Scans a ticket, goes to the camera, and picks a drawn face in its place. */
async function enter(scanned, face) {
  await page.locator("#field-ticket").fill(scanned);
  await page.locator("#idle-start").click();
  await view("look");
  await page.locator(`[data-face="${face}"]`).click();
  await page.locator("#look-go:enabled").click();
}

/** Everything that axe finds wrong with what is shown. */
async function findings() {
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ["violations"] }));
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" | ")}`);
}

test("the gate is idle with a notice, takes the ticket and then the face, and shows a masked name", async () => {
  await open("gate?gate=east-1");
  assert.equal(await text("#idle-heading"), "入場");
  assert.match(await text(".notice"), /写真は保存しません/);
  assert.equal(await page.locator(".notice svg").isVisible(), true);
  assert.match(await text("#place"), /会場 · east-1/);
  assert.deepEqual(await findings(), []);
  await shot("gate-idle");
  await enter(`${ticket("S1", "season")} ${hanako}`, "hanako");
  await view("done");
  await shot("gate-done");
  assert.equal(await text("#done-name"), "山＊＊＊ さま");
  assert.equal(await text("#done-heading"), "お入りください");
  assert.match(await text("#done-facts"), /会場での顔決済/);
  assert.deepEqual(await findings(), []);
  await page.locator("main section:not([hidden]) [data-restart]").click();
  await view("idle");
  assert.equal(await page.locator("#field-ticket").inputValue(), "", "nothing of her is left");
});

for (const [name, scanned, face, code, title] of [
  ["a lent ticket", () => `${ticket("S1", "season")} ${hanako}`, "taro", "face_ticket_mismatch", "この券は、ほかの方の券です"],
  ["a one-day ticket", () => ticket("D1", "one-day"), "taro", "other_lane", "別のレーンをご利用ください"],
  ["a screen before the camera", () => `${ticket("S1", "season")} ${hanako}`, "screen", "liveness.attack", undefined],
  ["no ticket", () => "", "hanako", "ticket_needed", "入場券をかざしてください"],
]) {
  test(`${name} is refused in words: ${code}`, async () => {
    await open("gate?gate=east-1");
    await enter(scanned(), face);
    await view("refused");
    await shot(`gate-${code}`);
    assert.equal(await text("#refused-code"), code);
    const shown = await text("#refused-title");
    if (title) assert.equal(shown, title);
    assert.ok(shown.length > 4 && !shown.includes("."), shown);
    assert.deepEqual(await findings(), []);
  });
}

test("another lane is named on the screen", async () => {
  await open("gate?gate=east-1");
  await enter(ticket("D1", "one-day"), "taro");
  await view("refused");
  assert.match(await text("#refused-facts"), /一般レーン/);
});

test("without the face the card does the same", async () => {
  await open("gate?gate=west-1");
  await page.locator("#field-ticket").fill(ticket("D2", "one-day"));
  await page.locator('section[data-view="idle"] [data-other]').click();
  await view("other");
  assert.deepEqual(await findings(), []);
  await shot("gate-other");
  await page.locator("#other-id").fill("card 1234");
  await page.locator('#other-ways button[value="card"]').click();
  await page.locator("#other-fault", { hasText: "読み取れませんでした" }).waitFor();
  await page.locator("#other-id").fill(hanako);
  await page.locator('#other-ways button[value="card"]').click();
  await view("done");
  assert.equal(await text("#done-heading"), "お入りください");
});

test("a price is shown and agreed to before anything is taken", async () => {
  await open("park");
  await page.locator("#field-adults").fill("1");
  await page.locator("#field-children").fill("1");
  await page.locator("#idle-start").click();
  await view("look");
  await page.locator('[data-face="hanako"]').click();
  await page.locator("#look-go:enabled").click();
  await view("consent");
  assert.equal(await text("#consent-amount"), "¥800");
  assert.deepEqual(await findings(), []);
  await shot("park-consent");
  await page.locator("#consent-no").click();
  await view("refused");
  assert.match(await text("#refused-code"), /not_paid · consent.refused/);
  await open("park");
  await page.locator("#idle-start").click();
  await view("look");
  await page.locator('[data-face="hanako"]').click();
  await page.locator("#look-go:enabled").click();
  await view("consent");
  await page.locator("#consent-form button").click();
  await view("done");
  assert.match(await text("#done-facts"), /¥800|¥500/);
});

test("a group is counted on the screen, by its ages where the place asks, and goes in after its yes", async () => {
  const group = async (adults, children, toddlers) => {
    await open("park?service=playground&ask=toddlers");
    for (const [name, count] of Object.entries({ adults, children, toddlers })) {
      await page.locator(`#field-${name}`).fill(String(count));
    }
    await showFace("hanako");
  };
  await group(1, 3, 3);
  await view("refused");
  assert.equal(await text("#refused-title"), "大人の方が足りません");
  assert.match(await text("#refused-facts"), /よちよち広場/);
  await group(1, 2, 2);
  await view("count");
  assert.match(await text("#count-name"), /山＊＊＊ さま/);
  assert.match((await text("#count-facts")).replaceAll(/\s+/g, " "), /大人 1 子ども 2 お支払い ¥1,100/);
  assert.deepEqual(await findings(), []);
  await shot("park-count");
  await page.locator("#count-no").click();
  await view("refused");
  assert.match(await text("#refused-code"), /not_confirmed/);
  await group(1, 2, 2);
  await view("count");
  await page.locator("#count-yes").click();
  await view("consent");
  assert.equal(await text("#consent-amount"), "¥1,100");
  await page.locator("#consent-form button").click();
  await view("done");
});

/** Looks at the camera, which sees a drawn face. */
async function showFace(face) {
  await page.locator("#idle-start").click();
  await view("look");
  await page.locator(`[data-face="${face}"]`).click();
  await page.locator("#look-go:enabled").click();
}

test("the clinic's reception holds the estimate and shows chart and number", async () => {
  await open("clinic?department=internal");
  assert.match(await text("#place"), /加賀市医療センター · internal/);
  await showFace("hanako");
  await view("consent");
  assert.equal(await text("#consent-amount"), "¥9,000");
  await page.locator("#consent-form button").click();
  await view("done");
  await shot("clinic-done");
  assert.equal(await text("#done-heading"), "受付しました");
  const facts = await text("#done-facts");
  assert.match(facts, /患者番号\s*0001234/);
  assert.match(facts, /仮押さえ\s*¥9,000/);
  assert.deepEqual(await findings(), []);
  await open("clinic?department=internal");
  await showFace("taro");
  await view("refused");
  assert.equal(await text("#refused-title"), "患者登録が見つかりません");
});

test("the bus takes a fare by face", async () => {
  await open("bus?action=pay&from=S1");
  await showFace("taro");
  await view("consent");
  assert.equal(await text("#consent-amount"), "¥100");
  await page.locator("#consent-form button").click();
  await view("done");
  await shot("bus-done");
  assert.equal(await text("#done-heading"), "ご乗車ください");
  assert.deepEqual(await findings(), []);
});

test("a shelter takes in whom it knows by face, and everybody else by hand", async () => {
  await open("shelter?shelter=east");
  await showFace("sakura");
  await view("done");
  assert.equal(await text("#done-heading"), "受付しました");
  await open("shelter?shelter=east");
  await page.locator("#field-name").fill("加賀 一郎");
  await page.locator('section[data-view="idle"] [data-other]').click();
  await view("other");
  await page.locator('#other-ways button[value="staff"]').click();
  await view("done");
  await shot("shelter-done");
  assert.match(await text("#done-facts"), /受付番号\s*2/);
  assert.deepEqual(await findings(), []);
});

test("the page speaks English, fits a telephone, and says so where no service stands behind a kind", async () => {
  await open("gate?gate=east-1&lang=en");
  assert.equal(await page.evaluate(() => document.documentElement.lang), "en");
  assert.equal(await text("#idle-heading"), "Enter");
  await page.setViewportSize({ width: 360, height: 740 });
  assert.equal(await page.evaluate(() => document.documentElement.scrollWidth > window.innerWidth), false);
  await shot("gate-english");
  await page.goto(`${town.origin}/terminal/staff`);
  await view("nothing");
  assert.equal((await fetch(`${town.origin}/terminal/casino`)).status, 404);
});

test("nothing broke the content policy or threw", () => {
  assert.deepEqual(faults, []);
});
