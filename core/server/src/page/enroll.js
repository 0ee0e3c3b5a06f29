// The enrolment page: what is missing comes next; what is there can be changed, taken back, taken along or deleted.

import { Camera } from "./camera.js";
import { actFor, address, openPage, pageState, send } from "./enroll-api.js";
import { Capture } from "./enroll-capture.js";
import * as shared from "./page.js";
import { at, day, element, known, say, spoken, told } from "./page.js";

const STEPS = ["details", "consent", "proof", "capture", "instrument", "pin"];

const camera = new Camera(at("video"), at("picked"));

const page = { state: undefined, view: "loading", skipped: new Set(), proofing: undefined, home: false };
let capture;

/* Words */

function fault(code) {
  const key = code && [`enroll.fault.${code}`, `problem.${code}`, "enroll.fault.default"].find(known);
  at("fault").textContent = key ? say(key) : "";
}

async function speak(language) {
  await shared.speak("enroll", language);
  document.title = `${say("enroll.title")} – Tebura`;
  at("progress").setAttribute("aria-label", say("enroll.steps.label"));
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
  shared.showView(view);
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

/** What nobody does for another is not asked when a guardian acts for somebody. */
const isOwn = (step) => !page.state.acting_for || (step === "pin" ? page.state.acting_for === "child" : !["details", "proof", "family"].includes(step));
const isAsked = (step) => isOwn(step) && (step !== "proof" || (page.state.proof.rule !== "skipped" && page.state.proof.provers.length > 0));
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

function draw() {
  const { state } = page;
  if (!state) return;
  const draws = { details: drawDetails, consent: drawConsent, proof: drawProof, capture: drawCapture, instrument: drawInstruments, home: drawHome, data: drawData, family: drawFamily };
  at("place").textContent = told(state.service);
  at("banner").hidden = !state.drawn_faces_only;
  at("acting").hidden = !state.acting_for;
  at("acting-for").textContent = state.acting_for ? say("enroll.family.acting", { name: state.name }) : "";
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
      element("p", say("enroll.consent.items", { items: purpose.data_items.map((item) => say(`enroll.items.${item}`)).join(spoken.language === "ja" ? "、" : ", ") }), { class: "items" }),
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
  const said = { purpose, state, language: spoken.language };
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
      label.append(box, element("span", known(`enroll.claims.${claim}`) ? say(`enroll.claims.${claim}`) : claim));
      return label;
    });
    const button = element("button", say("enroll.proof.begin"), { type: "button", class: "task" });
    button.addEventListener("click", () => prove(prover.plugin, [...card.querySelectorAll("input:checked")].map((box) => box.value)));
    card.append(element("h2", prover.title ?? prover.plugin), element("p", say("enroll.proof.choose")), ...chosen, button);
    return card;
  }));
}

async function prove(plugin, claims) {
  const body = { plugin, agreed_claims: claims, locale: spoken.language };
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
  words.lang = spoken.language === "ja" ? "ja-JP" : "en-US";
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
  const advice = code && [`enroll.advice.${code}`, `problem.${code}`].find(known);
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
  const named = (rail) => rails.find((known) => known.rail === rail)?.names[spoken.language] ?? rail;
  const pays = instruments.findLast((row) => row.is_default) ?? instruments[0];
  at("instruments").replaceChildren(...instruments.map((row) => {
    const name = `${named(row.rail)} · ${row.label}`;
    const item = element("li", row === pays ? `${name} · ${say("enroll.instrument.default")}` : name, { "data-instrument": row.id });
    const remove = task("enroll.instrument.remove", () => sure("instrument", `/enroll/instruments/${row.id}/remove`, async () => {
      await again();
      show("instrument");
    }));
    remove.setAttribute("aria-label", say("enroll.instrument.remove_named", { name }));
    item.append(remove);
    return item;
  }));
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
  const { name, face_since: since, instruments, has_pin: pin } = page.state;
  at("home-heading").textContent = say("enroll.home.heading", { name: name ?? "" });
  const facts = [
    ["face", since ? say("enroll.home.face_since", { day: day(since) }) : say("enroll.home.no_face")],
    ["instruments", String(instruments.length)],
    ["pin", say(pin ? "enroll.home.pin_set" : "enroll.home.no_pin")],
    ["consents", String(page.state.purposes.filter((purpose) => purpose.counts).length)],
  ];
  at("facts").replaceChildren(...facts.flatMap(([key, value]) => [element("dt", say(`enroll.home.facts.${key}`)), element("dd", value, { id: `fact-${key}` })]));
  at("home-proof").hidden = !isAsked("proof");
  for (const button of document.querySelectorAll('section[data-view="home"] [data-go]')) button.hidden ||= !isOwn(button.dataset.go);
  at("finish").hidden = Boolean(page.state.acting_for);
  at("home-capture").disabled = !agreed("authenticate");
}

function drawData() {
  at("export").href = address("/enroll/export");
  at("leave").hidden = page.state.acting_for === "elder";
  const said = page.state.purposes.filter((purpose) => purpose.last);
  at("receipts").replaceChildren(...said.map((purpose) => {
    const item = element("li", "");
    const href = address(`/enroll/consents/${purpose.last.id}/receipt`);
    item.append(element("a", say("enroll.data.receipt", { title: told(purpose.title), state: say(`enroll.consent.${purpose.last.state}`) }), { href, download: "" }));
    return item;
  }));
}

/* The family */

function drawFamily() {
  const { family } = page.state;
  at("family-hint").textContent = say(family.some(({ side }) => side === "ward") ? "enroll.family.hint" : "enroll.family.none");
  at("family").replaceChildren(...family.map((member) => {
    const card = element("article", "", { class: "card", "data-member": member.side });
    const told = member.side === "guardian" ? "guardian" : member.has_face ? `${member.kind}_with_face` : member.kind;
    card.append(element("h2", member.name), element("p", say(`enroll.family.is.${told}`, { day: day(member.until) })));
    if (member.side === "ward") card.append(task("enroll.family.open", () => changeTo(member.person)));
    card.append(task("enroll.family.end", () => step("POST", `/enroll/family/${member.link}/end`, {}, () => show("family"))));
    return card;
  }));
}

function task(word, act) {
  const button = element("button", say(word), { type: "button", class: "task" });
  button.addEventListener("click", act);
  return button;
}

/** Goes on for a ward, or for oneself again. */
async function changeTo(person) {
  actFor(person);
  Object.assign(page, { skipped: new Set(), proofing: undefined, home: false });
  await again();
  if (!page.state) return undefined;
  if (!person) return show("family");
  page.home = STEPS.filter(isAsked).every(isDone);
  return next();
}

/* Leaving */

function sure(what, path, then) {
  document.querySelector('section[data-view="sure"] [data-go]').dataset.go = page.view;
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
onSubmit("child-form", async () => {
  const child = { name: at("child-name").value, born_on: at("child-born").value };
  await step("POST", "/enroll/family", child, () => {
    at("child-form").reset();
    show("family");
  });
});
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
  const label = rail.names[spoken.language] ?? rail.rail;
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
  at("data-word").textContent = say("enroll.data.asked", { day: day(asked.due_at) });
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
at("leave").addEventListener("click", () => sure("leave", "/enroll/erase", () => (page.state.acting_for ? changeTo() : over("left"))));
at("acting-back").addEventListener("click", () => changeTo());
at("finish").addEventListener("click", async () => {
  const answer = await send("POST", "/enroll/finish");
  if (answer.ok) over("finished");
  else fault(answer.body.code);
});
at("language").addEventListener("click", () => speak(shared.otherLanguage()));

const query = new URLSearchParams(location.search);
await speak(shared.firstLanguage());
await begin();
