// A service's terminal: idle, look, done. One page for every kind; what differs comes from the service's own description.

import { Camera } from "./camera.js";
import * as shared from "./page.js";
import { at, drawFaces, element, known, nameFaces, pressFace, say, showView, spoken, told } from "./page.js";
import {
  ask, consent, fieldsOf, findService, openTerminal, readTicket, readWho, tell, terminalState, typed, verdict,
} from "./service.js";

const NEXT_PERSON_MS = 10_000;
/** How a terminal may know somebody without the face. */
const OTHER_WAYS = ["card", "qr", "staff"];

const camera = new Camera(at("video"), at("picked"));
const place = new URLSearchParams(location.search);
const kind = location.pathname.split("/")[2];

const page = { state: undefined, service: undefined, action: undefined, asked: [], fixed: {}, view: "loading" };
/** What the person before the terminal filled in, and the request that waits for her word. */
let person = {};
let timer;

/* Words */

const money = (minor) => shared.money(minor, page.service.currency);

async function speak(language) {
  await shared.speak("till", language);
  nameFaces();
  page.redraw?.();
}

/* Views */

function show(view, redraw) {
  clearTimeout(timer);
  page.view = view;
  page.redraw = redraw;
  redraw?.();
  showView(view);
}

function restart() {
  person = {};
  camera.stop();
  pressFace();
  at("idle-form").reset();
  at("other-form").reset();
  // Nothing of the last person stays in the page, hidden or not.
  for (const id of ["done-name", "done-facts", "refused-facts", "count-name", "count-facts", "consent-name"]) at(id).replaceChildren();
  show("idle", drawIdle);
}

const byFace = () => page.service.by_face || page.asked.some(({ name }) => name === "ticket");

function drawIdle() {
  const name = told(page.service.titles);
  document.title = `${name} – Tebura`;
  at("place").textContent = [name, ...Object.values(page.fixed)].join(" · ");
  at("idle-heading").textContent = told(page.action.titles);
  at("idle-start").textContent = say(byFace() ? "terminal.idle.look" : "terminal.idle.go");
  for (const field of at("idle-fields").children) {
    const label = `terminal.field.${field.dataset.name}`;
    field.querySelector("label").textContent = known(label) ? say(label) : field.dataset.description;
  }
  for (const button of document.querySelectorAll("[data-other]")) button.hidden = ways().length === 0;
}

const ways = () => OTHER_WAYS.filter((way) => page.action.recognised_by.length === 0 || page.action.recognised_by.includes(way));

function drawFields() {
  at("idle-fields").replaceChildren(...page.asked.map(({ name, schema, required }) => {
    const field = document.createElement("div");
    field.className = "field";
    field.dataset.name = name;
    field.dataset.description = schema.description ?? name;
    const input = document.createElement(schema.enum ? "select" : "input");
    if (schema.enum) input.append(...schema.enum.map((value) => new Option(value, value)));
    else input.type = { integer: "number", boolean: "checkbox" }[schema.type] ?? "text";
    if (schema.type === "integer") {
      input.min = schema.minimum ?? 0;
      if (schema.maximum !== undefined) input.max = schema.maximum;
      // What a reset goes back to.
      input.defaultValue = Math.max(schema.minimum ?? 0, required ? 1 : 0);
    }
    input.id = `field-${name}`;
    input.name = name;
    input.required = required && input.type !== "checkbox";
    input.autocomplete = "off";
    input.spellcheck = false;
    const label = document.createElement("label");
    label.htmlFor = input.id;
    field.append(label, input);
    return field;
  }));
}

/* Asking */

function readFields() {
  const input = { ...page.fixed };
  for (const { name, schema } of page.asked) {
    const field = at(`field-${name}`);
    const value = typed(schema, field.type === "checkbox" ? field.checked : field.value);
    if (value !== undefined) input[name] = value;
  }
  person = { input };
  if (input.ticket) {
    const { ticket, holder } = readTicket(input.ticket);
    person = { input: { ...input, ticket }, holder };
  }
}

async function look() {
  show("look");
  at("look-go").disabled = true;
  at("mirror-word").textContent = say("till.look.starting");
  const found = await camera.start();
  if (page.view !== "look") return camera.stop();
  const word = { on: "", none: "till.look.no_camera", blocked: "till.look.camera_blocked" }[found];
  at("mirror-word").textContent = word && say(word);
  at("look-go").disabled = !camera.ready;
}

async function send(who, image) {
  show("checking");
  const request = { action: page.action.name, input: person.input ?? page.fixed, ...who };
  settle(await ask(page.service, request, image));
}

function settle(answer) {
  camera.stop();
  if (answer.status === "offline") return refused("offline");
  if (answer.status === "refused") return answer.httpStatus === 401 ? begin() : refused(answer.code);
  const { request } = answer;
  if (request.status === "consent_needed") return askConsent(request);
  if (request.status === "failed") return refused(request.code);
  // A service that waits for a yes to what it counted.
  if (request.status === "open" && request.output?.reason === "confirm") return askCount(request);
  const said = verdict(request.output);
  return said.may ? done(request, said) : refused(said.reason ?? "default", said);
}

const politely = (name) => (name ? name + (spoken.language === "ja" ? " さま" : "") : "");

function done(request, said) {
  show("done", () => {
    at("done-name").textContent = politely(request.masked_name);
    const own = `terminal.done.${page.service.plugin.split(".").at(-1)}.${page.action.name}`;
    at("done-heading").textContent = say(known(own) ? own : "terminal.done.heading");
    drawFacts("done-facts", said.facts);
  });
  timer = setTimeout(restart, NEXT_PERSON_MS);
}

/** What the service says, where there are words for it. Amounts are money, records by language are texts. */
function drawFacts(id, facts = []) {
  const drawn = facts.flatMap(([name, value]) => {
    const label = `terminal.fact.${name}`;
    if (!known(label) || value === false || value === 0 || value === "hold") return [];
    return [element("dt", say(label)), element("dd", factText(name, value))];
  });
  at(id).replaceChildren(...drawn);
}

function factText(name, value) {
  // What the desk has to look at is the desk's: here it is said that, not what.
  if (name === "notices") return say("terminal.fact_notices");
  if (name === "appointment") return `${value.at.replace("T", " ")} · ${say(`terminal.appointment.${value.state}`)}`;
  if (name === "pays") return say("terminal.fact_desk");
  if (typeof value === "object") return told(value);
  if (value === true) return say("terminal.fact_true");
  return ["paid", "held", "due", "yen", "amount", "price"].includes(name) ? money(value) : String(value);
}

/* A reason or code has its own words, or those of its family. */

function refused(code, said = {}) {
  const family = code.split(".")[0];
  const candidates = [`terminal.refused.${code}`, `till.refused.${code}`, `till.refused.${family}`, "terminal.refused.default"];
  const word = candidates.find((candidate) => known(`${candidate}.title`));
  show("refused", () => {
    at("refused-title").textContent = say(`${word}.title`);
    at("refused-advice").textContent = say(`${word}.advice`);
    at("refused-code").textContent = said.code ? `${code} · ${said.code}` : code;
    drawFacts("refused-facts", said.facts);
  });
}

/* Consent */

function askConsent(request) {
  person.request = request;
  const { up_to: upTo, memo, with_pin: withPin } = request.consent_needed;
  at("consent-form").reset();
  show("consent", () => {
    at("consent-name").textContent = politely(request.masked_name);
    at("consent-amount").textContent = money(upTo.minor);
    at("consent-memo").textContent = memo;
    at("consent-pin").hidden = !withPin;
    at("pin").required = withPin;
    at("consent-fault").textContent = person.fault ? say(person.fault) : "";
  });
}

function askCount(request) {
  person.request = request;
  show("count", () => {
    at("count-name").textContent = politely(request.masked_name);
    drawFacts("count-facts", verdict(request.output).facts);
  });
}

async function answerCount(agreed) {
  const { request } = person;
  show("checking");
  settle(await tell(page.service, request, "confirm", { agreed }));
}

async function answerConsent(body) {
  const { request } = person;
  show("checking");
  const answer = await consent(page.service, request, body);
  person.fault = answer.code === "pin.wrong" ? "till.pin.wrong" : undefined;
  if (answer.code === "pin.wrong" || answer.code === "pin.needed") return askConsent(request);
  settle(answer);
}

/* Start */

function pick(blob, button) {
  camera.pick(blob);
  pressFace(button);
  at("mirror-word").textContent = "";
  at("look-go").disabled = false;
}

async function begin() {
  page.state = await terminalState();
  if (!page.state && (await openTerminal())) page.state = await terminalState();
  if (!page.state) return show("key");
  const { demo, pictures, drawn_faces_only: drawn } = page.state;
  const found = await findService(kind, { service: place.get("service"), action: place.get("action") ?? undefined });
  if (!found) return show("nothing");
  Object.assign(page, found, fieldsOf(found.action, place));
  at("banner").hidden = !drawn;
  at("demo").hidden = !demo;
  if (demo) drawFaces(pictures, pick);
  drawFields();
  await speak(spoken.language);
  return restart();
}

/** Some services take people in by hand, whom nobody knows: at a shelter nobody is sent away. */
const byHand = () => page.action.recognised_by.length === 0;

function drawWays() {
  at("other-id").required = !byHand();
  at("other-ways").replaceChildren(...ways().map((way) => element("button", say(`terminal.way.${way}`), { class: "primary", value: way })));
}

at("language").addEventListener("click", () => speak(shared.otherLanguage()));
at("idle-form").addEventListener("submit", async (event) => {
  event.preventDefault();
  readFields();
  if (byFace()) return look();
  return send({});
});
at("look-go").addEventListener("click", async () => {
  const image = await camera.take();
  await send(person.holder ? readWho(person.holder, "qr") : {}, image);
});
for (const button of document.querySelectorAll("[data-other]")) {
  button.addEventListener("click", () => {
    if (page.view === "idle") readFields();
    camera.stop();
    show("other", drawWays);
    at("other-id").value = person.holder ?? "";
  });
}
at("other-form").addEventListener("submit", async (event) => {
  event.preventDefault();
  const way = event.submitter?.value || ways()[0];
  const nobody = byHand() && at("other-id").value.trim() === "";
  const who = nobody ? { by: way } : readWho(at("other-id").value, way);
  at("other-fault").textContent = who ? "" : say("terminal.other.wrong");
  if (who) await send(who);
});
at("consent-form").addEventListener("submit", async (event) => {
  event.preventDefault();
  const { up_to: upTo } = person.request.consent_needed;
  const pin = at("pin").value;
  const amount = { minor: upTo.minor, currency: upTo.currency };
  await answerConsent({ agreed: true, consent: pin ? { up_to: amount, pin } : { up_to: amount } });
});
at("count-yes").addEventListener("click", () => answerCount(true));
at("count-no").addEventListener("click", () => answerCount(false));
at("consent-no").addEventListener("click", () => answerConsent({ agreed: false }));
for (const button of document.querySelectorAll("[data-restart]")) button.addEventListener("click", restart);
at("key-form").addEventListener("submit", async (event) => {
  event.preventDefault();
  const opened = await openTerminal(at("key").value.trim());
  at("key").value = "";
  at("key-fault").textContent = opened ? "" : say("till.key.wrong");
  if (opened) await begin();
});

await speak(shared.firstLanguage());
await begin();
