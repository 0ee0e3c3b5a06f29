// The terminals of city services in Debian's Chromium: gate, clinic, bus, shelter, all of them one page. Drawn faces, the real hub.

import assert from "node:assert/strict";
import { createHmac, generateKeyPairSync } from "node:crypto";
import { mkdirSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
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
let key;
let connector;
const faults = [];

/** The clinic's connector to an eligibility terminal, which finds a child for whoever is asked about. */
async function eligibility() {
  const server = createServer((asked, answer) => {
    const id = /(req_\w+)\.xml$/.exec(asked.url)?.[1];
    asked.resume();
    if (asked.method === "PUT") return answer.writeHead(204).end();
    const of = (name, text) => `<${name}>${text}</${name}>`;
    const head = of("MessageHeader", of("ArbitraryFileIdentifier", id) + of("SegmentOfResult", 1));
    const insurance = of("InsurerNumber", "06130012") + of("InsuredCardSymbol", "12") + of("InsuredIdentificationNumber", "345");
    const person = of("Name", "山田　桜") + of("NameKana", "ヤマダ サクラ") + of("Sex1", 2) + of("Birthdate", "20180402");
    const valid = of("QualificationValidity", 1) + of("InsuredPartialContributionRatio", "020") + of("InsuredCardValidDate", "20240401");
    return answer.writeHead(200, { "content-type": "application/xml" }).end(of("XmlMsg", head + of("MessageBody", valid + insurance + person)));
  });
  await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
  return server;
}

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
  // Nobody here has stored numbers: the eligibility terminal is asked by card only.
  connector = await eligibility();
  const terminal = { origin: `http://127.0.0.1:${connector.address().port}`, reach: ["loopback"] };
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
  key = (await town.operator("/v1/keys", { merchant, scopes: ["services"] })).secret;
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
  connector?.close();
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

test("the clinic's desk sees who waits and what to look at, and nobody without the key", async () => {
  const input = { department: "eyes", questionnaire: true, appointment: { reference: "A-17", at: "2020-01-06T09:30", department: "eyes" } };
  const visit = { action: "receive", by: "card", person: hanako, input, consent: { up_to: { minor: 5000, currency: "JPY" } } };
  const received = await town.call("/v1/services/clinic/requests", visit, key);
  assert.deepEqual([received.status, received.output.notices], ["open", ["minor_alone"]]);
  await page.goto(`${town.origin}/terminal/clinic/desk?lang=ja`);
  await view("key");
  assert.deepEqual(await findings(), []);
  // This browser has a stand's session: it does not open the desk, and a wrong key does not either.
  await page.locator("#key").fill("no key");
  await page.locator("#key-form button").click();
  await page.locator("#key-fault", { hasText: /./ }).waitFor();
  assert.equal(await page.locator("#visits li").count(), 0);
  await page.locator("#key").fill(key);
  await page.locator("#key-form button").click();
  await view("list");
  const row = page.locator("#visits > li.look");
  await row.waitFor();
  assert.equal(await page.locator("#visits > li").count(), 2, "internal medicine from the test before, and eyes");
  assert.match((await row.innerText()).replaceAll(/\s+/g, " "), /1 眼科 山＊＊＊ さま 0001234 未成年の方に保護者がいません/);
  const page1 = await page.locator("#visits").innerHTML();
  assert.ok(!page1.includes("山田") && !page1.includes("345"), "folded, nothing of the certificate is in the page");
  await row.locator("summary").click();
  await row.locator("dl").waitFor();
  const facts = (await row.locator("dl").innerText()).replaceAll(/\s+/g, " ");
  for (const fact of ["氏名 山田 桜", "カナ ヤマダ サクラ", "生年月日 2018-04-02", "性別 女", "06130012 · 12 · 345", "有効開始日 2024-04-01",
    "資格 有効 · 20 %", "予約 2020-01-06 09:30 · 別の日の予約です", "問診票 あり", "同意と仮押さえ ¥1,000"]) {
    assert.ok(facts.includes(fact), `${fact}: ${facts}`);
  }
  assert.deepEqual(await findings(), []);
  await shot("clinic-desk");
  await page.locator("#language").click();
  await page.locator(".notices", { hasText: "ask for a guardian" }).waitFor();
  await row.locator("dt", { hasText: "Eligibility" }).waitFor();
  // Who is treated leaves the list, and locked it is empty.
  await town.call(`/v1/services/clinic/requests/${received.id}/messages`, { name: "no-treatment", input: {} }, key);
  await row.waitFor({ state: "detached" });
  assert.equal(await page.locator("#visits > li").count(), 1);
  await page.locator("#lock").click();
  await view("key");
  assert.equal(await page.locator("#visits").innerHTML(), "");
  await page.reload();
  await view("key");
});

test("the patient's stand says when to go to the desk, not why, and nothing stays for the next one", async () => {
  await open("clinic?department=eyes&lang=ja");
  await page.locator('section[data-view="idle"] [data-other]').click();
  await page.locator("#other-id").fill(hanako);
  await page.locator('#other-ways button[value="card"]').click();
  await view("consent");
  await page.locator("#consent-no").click();
  await view("done");
  const facts = (await text("#done-facts")).replaceAll(/\s+/g, " ");
  assert.match(facts, /受付番号 2/);
  assert.match(facts, /お支払い 窓口で/);
  assert.match(facts, /お掛けになる前に 先に窓口へお越しください/);
  assert.doesNotMatch(facts, /保護者|山田 桜|345/);
  assert.deepEqual(await findings(), []);
  await page.locator('section[data-view="done"] [data-restart]').click();
  await view("idle");
  const left = await page.locator("#main").innerHTML();
  assert.ok(!left.includes("0001234") && !left.includes("山＊＊＊"), "nothing of her is left");
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
