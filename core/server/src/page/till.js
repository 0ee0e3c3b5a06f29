// The till page: amount, look, paid. One view at a time; every answer of the hub has a view of its own.

import { openSession, pay, tillState } from "./api.js";
import { Camera } from "./camera.js";
import * as page from "./page.js";
import { at, drawFaces, freshKey, known, nameFaces, pressFace, say, showView, spoken } from "./page.js";

const NEXT_CUSTOMER_MS = 12_000;
const ASK_AGAIN_MS = 2_000;

const camera = new Camera(at("video"), at("picked"));

const till = { state: undefined, minor: 0, pin: "", image: undefined, key: undefined, view: "loading" };
let timer;

/* Words */

const money = (minor) => page.money(minor, till.state.currency, till.state.exponent);

async function speak(language) {
  await page.speak("till", language);
  document.title = `${say("till.title")} – Tebura`;
  at("amount-keypad").setAttribute("aria-label", say("till.amount.keypad"));
  at("pin-keypad").setAttribute("aria-label", say("till.pin.keypad"));
  for (const key of document.querySelectorAll("[data-digit='delete']")) key.setAttribute("aria-label", say("till.amount.delete"));
  nameFaces();
  if (till.state) drawAmount();
  till.redraw?.();
}

/* Views */

function show(view, redraw) {
  clearTimeout(timer);
  till.view = view;
  till.redraw = redraw;
  redraw?.();
  showView(view);
}

function restart() {
  till.minor = 0;
  till.pin = "";
  till.image = undefined;
  camera.stop();
  pressFace();
  show("amount", drawAmount);
}

/* Amount */

function keypad(element, press, extra) {
  for (const digit of ["1", "2", "3", "4", "5", "6", "7", "8", "9", extra, "0", "delete"]) {
    const key = document.createElement("button");
    key.type = "button";
    key.dataset.digit = digit;
    key.textContent = digit === "delete" ? "⌫" : digit;
    if (digit === "") key.disabled = key.hidden = true;
    key.addEventListener("click", () => press(digit));
    element.append(key);
    if (digit === "") element.append(document.createElement("span"));
  }
}

function pressAmount(digit) {
  const text = digit === "delete" ? String(till.minor).slice(0, -1) : String(till.minor) + digit;
  const minor = Number(text || "0");
  if (minor <= 99_999_999) till.minor = minor;
  drawAmount();
}

function drawAmount() {
  const { max_amount: max, pin_above: pin } = till.state;
  const over = till.minor > max;
  at("amount").textContent = money(till.minor);
  at("amount").classList.toggle("none", till.minor === 0);
  at("amount-hint").textContent = over
    ? say("till.amount.too_much", { max: money(max) })
    : say("till.amount.hint", { max: money(max), pin: money(pin) });
  at("amount-next").disabled = till.minor === 0 || over;
}

/* Look */

async function look() {
  show("look", drawLook);
  at("look-pay").disabled = true;
  at("mirror-word").textContent = say("till.look.starting");
  const found = await camera.start();
  if (till.view !== "look") return camera.stop();
  const word = { on: "", none: "till.look.no_camera", blocked: "till.look.camera_blocked" }[found];
  at("mirror-word").textContent = word && say(word);
  at("look-pay").disabled = !camera.ready;
}

function drawLook() {
  at("look-amount").textContent = money(till.minor);
  at("look-means").textContent = say(till.minor > till.state.pin_above ? "till.look.and_pin" : "till.look.alone");
  at("look-pay").textContent = say("till.look.pay", { amount: money(till.minor) });
}

function pick(blob, button) {
  camera.pick(blob);
  pressFace(button);
  at("mirror-word").textContent = "";
  at("look-pay").disabled = false;
}

/* Pay */

async function send() {
  show("checking");
  const amount = { minor: till.minor, currency: till.state.currency };
  const order = { amount, image: till.image, pin: till.pin, key: freshKey() };
  settle(await pay(order), order);
}

function settle(answer, order) {
  till.pin = "";
  if (answer.status === "paid") return paid(answer.payment);
  if (answer.status === "unknown") return unknown(answer.payment, order);
  if (answer.status === "offline") return refused("offline");
  if (answer.code === "pin.needed" || answer.code === "pin.wrong") return askPin(answer.code === "pin.wrong");
  if (answer.httpStatus === 401) return begin();
  return refused(answer.code);
}

function paid(done) {
  camera.stop();
  till.image = undefined;
  show("paid", () => {
    at("paid-name").textContent = done.masked_name + (spoken.language === "ja" ? " さま" : "");
    at("paid-amount").textContent = money(done.amount.minor);
    at("paid-rail").textContent = say("till.paid.rail", { rail: railName(done.hold?.rail) });
  });
  timer = setTimeout(restart, NEXT_CUSTOMER_MS);
}

const railName = (rail) => till.state.rails[rail]?.[spoken.language] ?? rail ?? "";

/** Repeats the same order under the same key until its end is known: the hub pays it once. */
function unknown(open, order) {
  camera.stop();
  show("unknown", () => {
    at("unknown-amount").textContent = money(open.amount.minor);
    at("unknown-number").textContent = say("till.unknown.number", { id: open.id });
  });
  const ask = async () => {
    const answer = await pay(order);
    if (till.view !== "unknown") return;
    if (answer.status === "unknown" || answer.status === "offline") timer = setTimeout(ask, ASK_AGAIN_MS);
    else settle(answer, order);
  };
  timer = setTimeout(ask, ASK_AGAIN_MS);
}

/* Refusals: a code has its own words, or those of its family. */

/** Families whose codes are not about the wallet. Any other code without words of its own is the wallet's. */
const NOT_THE_WALLET = ["image", "body", "hub", "store", "auth", "amount", "route"];

function refusalWord(code) {
  const family = code.split(".")[0];
  const candidates = [code, family, NOT_THE_WALLET.includes(family) ? "default" : "declined"];
  return candidates.find((word) => known(`till.refused.${word}.title`));
}

function refused(code) {
  camera.stop();
  const word = refusalWord(code);
  show("refused", () => {
    at("refused-title").textContent = say(`till.refused.${word}.title`);
    at("refused-advice").textContent = say(`till.refused.${word}.advice`);
    at("refused-code").textContent = code;
    at("refused-nothing").hidden = code === "offline";
    at("refused-again").hidden = code === "offline";
  });
}

/* PIN */

function askPin(wrong) {
  till.pin = "";
  show("pin", () => {
    at("pin-fault").textContent = wrong ? say("till.pin.wrong") : "";
    at("pin-pay").textContent = say("till.pin.ok", { amount: money(till.minor) });
    drawPin();
  });
}

function pressPin(digit) {
  if (digit === "delete") till.pin = till.pin.slice(0, -1);
  else if (till.pin.length < 8) till.pin += digit;
  drawPin();
}

function drawPin() {
  at("pin-dots").textContent = "●".repeat(till.pin.length);
  at("pin-dots").setAttribute("aria-label", say("till.pin.entered", { count: till.pin.length }));
  at("pin-pay").disabled = till.pin.length < 4;
}

/* Start */

async function begin() {
  till.state = await tillState();
  if (!till.state && (await openSession())) till.state = await tillState();
  if (!till.state) return show("key");
  const { demo, till_name: name, merchant_name: merchant, pictures, drawn_faces_only: drawn } = till.state;
  at("place").textContent = `${merchant} · ${name}`;
  at("banner").hidden = !drawn;
  at("demo").hidden = !demo;
  if (demo) drawFaces(pictures, pick);
  await speak(spoken.language);
  return restart();
}

at("language").addEventListener("click", () => speak(page.otherLanguage()));
at("amount-next").addEventListener("click", look);
at("look-back").addEventListener("click", () => { camera.stop(); show("amount", drawAmount); });
at("look-pay").addEventListener("click", async () => { till.image = await camera.take(); await send(); });
at("use-camera").addEventListener("click", look);
at("file").addEventListener("change", (event) => { if (event.target.files[0]) pick(event.target.files[0]); });
at("pin-pay").addEventListener("click", send);
at("refused-again").addEventListener("click", look);
for (const button of document.querySelectorAll("[data-restart]")) button.addEventListener("click", restart);
at("key-form").addEventListener("submit", async (event) => {
  event.preventDefault();
  const opened = await openSession(at("key").value.trim());
  at("key").value = "";
  at("key-fault").textContent = opened ? "" : say("till.key.wrong");
  if (opened) await begin();
});
document.addEventListener("keydown", (event) => {
  const press = { amount: pressAmount, pin: pressPin }[till.view];
  if (!press || event.ctrlKey || event.metaKey || event.altKey) return;
  if (/^[0-9]$/.test(event.key)) press(event.key);
  else if (event.key === "Backspace") press("delete");
});

keypad(at("amount-keypad"), pressAmount, "00");
keypad(at("pin-keypad"), pressPin, "");
await speak(page.firstLanguage());
await begin();
