// The enrolment page: what is missing comes next; what is there can be changed, taken back, taken along or deleted.

import { openPage, pageState, send, words } from "./enroll-api.js";
import { Camera } from "./camera.js";
import { Capture } from "./enroll-capture.js";

const STEPS = ["details", "consent", "proof", "capture", "instrument", "pin"];

const at = (id) => document.getElementById(id);
const camera = new Camera(at("video"), at("picked"));

const page = { language: "ja", words: {}, state: undefined, view: "loading", skipped: new Set(), proofing: undefined, home: false };
let capture;

/* Words */

function say(key, values = {}) {
  const text = page.words[key] ?? key;
  return text.replace(/\{(\w+)\}/g, (mark, name) => values[name] ?? mark);
}

/** A text that is there in both languages, or in one. */
const told = (text) => text?.[page.language] ?? text?.ja ?? text?.en ?? "";

function fault(code) {
  const key = code && [`enroll.fault.${code}`, `problem.${code}`, "enroll.fault.default"].find((word) => word in page.words);
  at("fault").textContent = key ? say(key) : "";
}

async function speak(language) {
  page.language = language;
  page.words = await words(language);
  document.documentElement.lang = language;
  document.title = `${say("enroll.title")} – Tebura`;
  for (const element of document.querySelectorAll("[data-text]")) element.textContent = say(element.dataset.text);
  at("language").textContent = say("enroll.language");
  at("language").lang = language === "ja" ? "en" : "ja";
  at("language").setAttribute("aria-label", say("enroll.language_label"));
  at("progress").setAttribute("aria-label", say("enroll.steps.label"));
  at("banner").textContent = say("enroll.banner");
  at("notice-link").href = `/notice?lang=${language}`;
  if (page.state) draw();
}

/* Views */

function show(view) {
  if (view !== "capture") {
    capture?.stop();
    camera.stop();
  }
  page.view = view;
  fault();
  draw();
  at("main").dataset.view = view;
  for (const section of document.querySelectorAll("main > section")) section.hidden = section.dataset.view !== view;
  document.querySelector(`section[data-view="${view}"] h1`)?.focus({ preventScroll: true });
  window.scrollTo(0, 0);
}

/** Whether a step needs nothing more. */
function isDone(step) {
  const { state } = page;
  const asked = state.purposes.every((purpose) => purpose.last?.version === purpose.version);
  return {
    details: Boolean(state.name),
    consent: asked,
    proof: state.proof.rule === "skipped" || state.proof.claims.length > 0,
    capture: Boolean(state.face_since),
    instrument: state.instruments.length > 0,
    pin: state.has_pin,
  }[step];
}

const isAsked = (step) => step !== "proof" || (page.state.proof.rule !== "skipped" && page.state.proof.provers.length > 0);
const agreed = (id) => page.state.purposes.some((purpose) => purpose.id === id && purpose.counts);

/** Goes to the first step that is neither done nor put off; home when there is none. */
function next() {
  const open = (step) => isAsked(step) && !isDone(step) && !page.skipped.has(step);
  const cannot = (step) => step === "capture" && !agreed("authenticate");
  const step = page.home ? undefined : STEPS.find((name) => open(name) && !cannot(name));
  if (!step) page.home = true;
  show(step ?? "home");
}

async function again(code) {
  page.state = await pageState();
  if (!page.state) return begin();
  if (code) fault(code);
  return undefined;
}

/** Sends a step; goes on when it was taken. */
async function step(method, path, body, then = next) {
  const answer = await send(method, path, body);
  if (answer.status === 401) return begin();
  if (!answer.ok) return fault(answer.body.code);
  await again();
  return then(answer.body);
}

/* Drawing */

function element(name, text, attributes = {}) {
  const made = document.createElement(name);
  made.textContent = text;
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}

function draw() {
  const { state } = page;
  if (!state) return;
  const draws = { details: drawDetails, consent: drawConsent, proof: drawProof, capture: drawCapture, instrument: drawInstruments, home: drawHome, data: drawData };
  at("place").textContent = told(state.service);
  at("banner").hidden = !state.drawn_faces_only;
  at("progress").hidden = page.home || !STEPS.includes(page.view);
  at("steps").replaceChildren(...STEPS.filter(isAsked).map((name) => {
    const item = element("li", say(`enroll.steps.${name}`));
    if (isDone(name)) item.className = "done";
    if (name === page.view) item.setAttribute("aria-current", "step");
    return item;
  }));
  draws[page.view]?.();
}

function drawDetails() {
  const { controller, name } = page.state;
  at("details-about").textContent = controller.name ? say("enroll.details.about", { name: controller.name }) : say("enroll.details.about_nobody");
  at("without-face").textContent = told(page.state.without_face);
  if (name && !at("name").value) at("name").value = name;
}

function drawConsent() {
  at("purposes").replaceChildren(...page.state.purposes.map((purpose) => {
    const card = element("article", "", { class: "card", "data-purpose": purpose.id, "aria-labelledby": `title-${purpose.id}` });
    const answers = element("div", "", { class: "answers", role: "group", "aria-labelledby": `title-${purpose.id}` });
    const now = purpose.last?.version === purpose.version ? purpose.last.state : undefined;
    const refusal = now === "given" || now === "withdrawn" ? "withdrawn" : "refused";
    const choices = [["given", "enroll.consent.agree"], [refusal, refusal === "withdrawn" ? "enroll.consent.withdraw" : "enroll.consent.refuse"]];
    for (const [said, word] of choices) {
      const pressed = said === "given" ? now === "given" : Boolean(now) && now !== "given";
      const button = element("button", say(word), { type: "button", "aria-pressed": String(pressed), "data-say": said });
      button.addEventListener("click", () => pressed || consent(purpose.id, said));
      answers.append(button);
    }
    card.append(
      element("h2", told(purpose.title), { id: `title-${purpose.id}` }),
      element("p", told(purpose.text)),
      element("p", say("enroll.consent.items", { items: purpose.data_items.map((item) => say(`enroll.items.${item}`)).join(page.language === "ja" ? "、" : ", ") }), { class: "items" }),
      answers,
    );
    return card;
  }));
  const all = isDone("consent");
  const needed = page.state.purposes.find((purpose) => purpose.needed && !purpose.counts);
  at("consent-next").disabled = !all;
  at("consent-word").textContent = all && needed ? say("enroll.consent.without") : "";
}

async function consent(purpose, state) {
  const said = { purpose, state, language: page.language };
  await step("POST", "/enroll/consents", said, () => {
    draw();
    document.querySelector(`[data-purpose="${purpose}"] [aria-pressed="true"]`)?.focus();
  });
}

function drawProof() {
  const { rule, provers, claims } = page.state.proof;
  at("proof-hint").textContent = say(rule === "required" ? "enroll.proof.required" : "enroll.proof.offered");
  at("proof-next").textContent = say(claims.length > 0 ? "enroll.next" : "enroll.later");
  at("provers").hidden = Boolean(page.proofing);
  at("evidence-form").hidden = page.proofing?.status !== "challenged";
  at("proof-word").textContent = page.proofing && page.proofing.status !== "challenged"
    ? say(`enroll.proof.${page.proofing.status}`)
    : claims.length > 0 ? say("enroll.proof.proven") : "";
  at("provers").replaceChildren(...provers.map((prover) => {
    const card = element("article", "", { class: "card" });
    const chosen = prover.claims.map((claim) => {
      const label = element("label", "", { class: "check" });
      const box = element("input", "", { type: "checkbox", value: claim });
      label.append(box, element("span", page.words[`enroll.claims.${claim}`] ?? claim));
      return label;
    });
    const button = element("button", say("enroll.proof.begin"), { type: "button", class: "task" });
    button.addEventListener("click", () => prove(prover.plugin, [...card.querySelectorAll("input:checked")].map((box) => box.value)));
    card.append(element("h2", prover.title ?? prover.plugin), element("p", say("enroll.proof.choose")), ...chosen, button);
    return card;
  }));
}

async function prove(plugin, claims) {
  const body = { plugin, agreed_claims: claims, locale: page.language };
  await step("POST", "/enroll/proofings", body, (proofing) => {
    page.proofing = proofing;
    at("challenge").replaceChildren(...(proofing.challenge?.display ?? []).map(({ value }) => element("dd", value)));
    at("to-sign").value = proofing.challenge?.to_sign ?? "";
    draw();
  });
}

function drawCapture() {
  at("mirror-word").textContent ||= "";
  if (!capture) {
    at("prompt").textContent = "";
    at("capture-count").textContent = "";
  }
}

function aloud(text) {
  if (!at("aloud").checked || !("speechSynthesis" in window)) return;
  const words = new SpeechSynthesisUtterance(text);
  words.lang = page.language === "ja" ? "ja-JP" : "en-US";
  speechSynthesis.cancel();
  speechSynthesis.speak(words);
}

function tellCapture({ prompt, taken, of, code }) {
  const asked = say(`enroll.prompt.${prompt}`);
  if (at("prompt").textContent !== asked) {
    at("prompt").textContent = asked;
    aloud(asked);
  }
  at("capture-count").textContent = say("enroll.capture.count", { taken, of });
  const advice = code && [`enroll.advice.${code}`, `problem.${code}`].find((word) => word in page.words);
  at("mirror-word").textContent = advice ? say(advice) : "";
}

async function beginCapture() {
  fault();
  at("capture-start").disabled = true;
  const found = await camera.start();
  if (found !== "on") {
    at("capture-start").disabled = false;
    at("mirror-word").textContent = say(found === "none" ? "enroll.capture.no_camera" : "enroll.capture.camera_blocked");
    return;
  }
  capture = new Capture(camera, tellCapture);
  const ended = await capture.run();
  capture = undefined;
  at("capture-start").disabled = false;
  if (ended.code === "stopped") return;
  camera.stop();
  at("prompt").textContent = "";
  at("mirror-word").textContent = "";
  if (ended.enrolled) {
    await again();
    aloud(say("enroll.capture.done"));
    next();
  } else {
    await again(ended.code);
  }
}

function drawInstruments() {
  const { instruments, rails } = page.state;
  const named = (rail) => rails.find((known) => known.rail === rail)?.names[page.language] ?? rail;
  at("instruments").replaceChildren(...instruments.map((row) => element("li", `${named(row.rail)} · ${row.label}${row.is_default ? ` · ${say("enroll.instrument.default")}` : ""}`)));
  const chosen = document.querySelector("#rails input:checked")?.value ?? rails.find((rail) => rail.in_house)?.rail ?? rails[0]?.rail;
  at("rails").replaceChildren(...rails.map((rail) => {
    const label = element("label", "", { class: "check" });
    const box = element("input", "", { type: "radio", name: "rail", value: rail.rail });
    box.checked = rail.rail === chosen;
    box.addEventListener("change", drawToken);
    label.append(box, element("span", named(rail.rail)));
    return label;
  }));
  at("instrument-next").textContent = say(instruments.length > 0 ? "enroll.next" : "enroll.later");
  drawToken();
}

const chosenRail = () => page.state.rails.find((rail) => rail.rail === document.querySelector("#rails input:checked")?.value);

function drawToken() {
  const typed = chosenRail() && !chosenRail().in_house;
  at("token-row").hidden = !typed;
  at("token").required = Boolean(typed);
}

function drawHome() {
  const { name, face_since: since, instruments, has_pin: pin, proof } = page.state;
  const day = since && new Intl.DateTimeFormat(page.language === "ja" ? "ja-JP" : "en-GB", { dateStyle: "long" }).format(new Date(since));
  at("home-heading").textContent = say("enroll.home.heading", { name: name ?? "" });
  const facts = [
    ["face", since ? say("enroll.home.face_since", { day }) : say("enroll.home.no_face")],
    ["instruments", String(instruments.length)],
    ["pin", say(pin ? "enroll.home.pin_set" : "enroll.home.no_pin")],
    ["consents", String(page.state.purposes.filter((purpose) => purpose.counts).length)],
  ];
  at("facts").replaceChildren(...facts.flatMap(([key, value]) => [element("dt", say(`enroll.home.facts.${key}`)), element("dd", value, { id: `fact-${key}` })]));
  at("home-proof").hidden = proof.rule === "skipped" || proof.provers.length === 0;
  at("home-capture").disabled = !agreed("authenticate");
}

function drawData() {
  const said = page.state.purposes.filter((purpose) => purpose.last);
  at("receipts").replaceChildren(...said.map((purpose) => {
    const item = element("li", "");
    const href = `/enroll/consents/${purpose.last.id}/receipt`;
    item.append(element("a", say("enroll.data.receipt", { title: told(purpose.title), state: say(`enroll.consent.${purpose.last.state}`) }), { href, download: "" }));
    return item;
  }));
}

/* Leaving */

function sure(what, path, then) {
  show("sure");
  at("sure-heading").textContent = say(`enroll.sure.${what}.heading`);
  at("sure-text").textContent = say(`enroll.sure.${what}.text`);
  at("sure-yes").textContent = say(`enroll.sure.${what}.yes`);
  at("sure-yes").onclick = async () => {
    const answer = await send("POST", path);
    if (!answer.ok) return fault(answer.body.code);
    return then();
  };
}

function over(what) {
  page.state = undefined;
  at("progress").hidden = true;
  show("over");
  at("over-heading").textContent = say(`enroll.over.${what}.heading`);
  at("over-text").textContent = say(`enroll.over.${what}.text`);
}

/* Start */

async function begin() {
  const ticket = location.hash.slice(1);
  if (ticket) {
    // The ticket is of no use any more, and not to be seen.
    history.replaceState(null, "", location.pathname + location.search);
    const opened = await openPage(ticket);
    if (!opened.ok) {
      show("ticket");
      return fault(opened.code);
    }
  }
  page.state = await pageState();
  if (!page.state && query.get("demo") !== "no" && (await openPage()).ok) page.state = await pageState();
  if (!page.state) return show("ticket");
  page.home = STEPS.filter(isAsked).every((name) => isDone(name) || page.skipped.has(name));
  return next();
}

const onSubmit = (id, act) => at(id).addEventListener("submit", async (event) => {
  event.preventDefault();
  await act();
});

onSubmit("ticket-form", async () => {
  const typed = at("ticket").value.trim();
  at("ticket").value = "";
  location.hash = typed.includes("#") ? typed.slice(typed.indexOf("#") + 1) : typed;
  await begin();
});
onSubmit("details-form", () => step("PUT", "/enroll/person", { name: at("name").value }));
onSubmit("evidence-form", async () => {
  let evidence;
  try {
    evidence = JSON.parse(at("evidence").value);
  } catch {
    return fault("evidence_unreadable");
  }
  at("evidence").value = "";
  return step("POST", `/enroll/proofings/${page.proofing.id}/evidence`, evidence, (proofing) => {
    page.proofing = proofing;
    if (isDone("proof")) next();
    else draw();
  });
});
onSubmit("instrument-form", async () => {
  const rail = chosenRail();
  if (!rail) return;
  const label = rail.names[page.language] ?? rail.rail;
  const token = rail.in_house ? null : at("token").value.trim();
  at("token").value = "";
  await step("POST", "/enroll/instruments", { rail: rail.rail, token, label, is_default: true, currency: "JPY" });
});
onSubmit("pin-form", async () => {
  const [pin, repeated] = [at("pin").value, at("pin-again").value];
  at("pin").value = at("pin-again").value = "";
  if (pin !== repeated) return fault("pin_differs");
  return step("PUT", "/enroll/pin", { pin });
});
onSubmit("ask-form", () => step("POST", "/enroll/requests", { kind: "correction", note: at("note").value }, (asked) => {
  at("note").value = "";
  const day = new Intl.DateTimeFormat(page.language === "ja" ? "ja-JP" : "en-GB", { dateStyle: "long" }).format(new Date(asked.due_at));
  at("data-word").textContent = say("enroll.data.asked", { day });
}));

for (const [id, name] of [["proof-next", "proof"], ["capture-skip", "capture"], ["instrument-next", "instrument"], ["pin-next", "pin"]]) {
  at(id).addEventListener("click", () => {
    page.skipped.add(name);
    next();
  });
}
at("consent-next").addEventListener("click", () => {
  if (!agreed("authenticate")) page.skipped.add("capture");
  next();
});
for (const button of document.querySelectorAll("[data-go]")) {
  button.addEventListener("click", () => {
    page.proofing = undefined;
    show(button.dataset.go);
  });
}
at("capture-start").addEventListener("click", beginCapture);
at("stop").addEventListener("click", () => sure("stop", "/enroll/stop", async () => {
  await again();
  show("home");
}));
at("leave").addEventListener("click", () => sure("leave", "/enroll/erase", () => over("left")));
at("finish").addEventListener("click", async () => {
  const answer = await send("POST", "/enroll/finish");
  if (answer.ok) over("finished");
  else fault(answer.body.code);
});
at("language").addEventListener("click", () => speak(page.language === "ja" ? "en" : "ja"));

const query = new URLSearchParams(location.search);
const asked = query.get("lang");
await speak(asked === "en" || (!asked && !navigator.language.startsWith("ja")) ? "en" : "ja");
await begin();
