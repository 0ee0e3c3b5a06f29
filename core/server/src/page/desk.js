// The desk of a clinic: who waits, what has to be looked at, and whom the eligibility terminal found. For staff, never for the stand.
//
// The key stays in this script and is gone with the page: no session is opened, so that nobody who comes to a stand's browser sees
// the list. After some minutes without a hand on it the page is empty. A person's data stands in it while it is unfolded, no longer.

import * as shared from "./page.js";
import { at, element, known, rest, say, showView, spoken, told } from "./page.js";

const PLUGIN = "jp.tebura.clinic";
const EVERY_MS = 5_000;
const LOCK_MS = 5 * 60_000;
/** A visit waits for 31 days at most. */
const LONGEST_MS = 31 * 86_400_000;
const PAGE = 100;
/** What is shown of a certificate, in this order. */
const OF_CERTIFICATE = ["name", "kana", "birth_date", "sex", "insurance", "valid_from", "valid_until", "limit"];

const place = new URLSearchParams(location.search);
/** What is known while the page is open; nothing of it is kept. */
let desk = {};
let lockTimer;

/* The hub */

async function get(path) {
  const response = await fetch(path, { headers: { authorization: `Bearer ${desk.key}` }, credentials: "omit" });
  return { ok: response.ok, status: response.status, body: response.ok ? await response.json() : {} };
}

async function findClinic() {
  const { ok, status, body } = await get("/v1/services");
  if (!ok) return { status };
  const named = place.get("service");
  return { status, service: body.services.find(({ id, plugin }) => (named ? id === named : plugin === PLUGIN)) };
}

/** An id as old as the oldest request that can still wait: ids begin with their time. */
function oldest(now) {
  const time = Math.max(now - LONGEST_MS, 0).toString(16).padStart(12, "0");
  return `req_${time}70008000000000000000`;
}

/** Everybody who waits, oldest first. The next look begins before the oldest of them. */
async function waiting() {
  const visits = [];
  let [after, before] = [desk.after, undefined];
  for (;;) {
    const { ok, status, body } = await get(`/v1/services/${desk.service.id}/requests?limit=${PAGE}&after=${after}`);
    if (!ok) return { status };
    for (const request of body.items) {
      if (request.status === "open" && request.output?.received) {
        if (visits.length === 0) before = after;
        visits.push(request);
      }
      after = request.id;
    }
    if (!body.next) break;
  }
  desk.after = before ?? after;
  return { status: 200, visits };
}

/* What is shown */

async function speak(language) {
  await shared.speak("till", language);
  draw();
}

/** A word of the catalogue, or the value itself. */
const word = (family, value) => (known(`terminal.desk.${family}.${value}`) ? say(`terminal.desk.${family}.${value}`) : String(value));

function certificateText(name, value) {
  if (name === "sex") return word("sex_is", value);
  if (name === "limit") return [value.category, value.valid_from, value.valid_until].filter(Boolean).join(" · ");
  if (name === "insurance") return [value.insurer, value.symbol, value.number, value.branch].filter(Boolean).join(" · ");
  return value;
}

/** Label and text of what the desk needs beside the certificate. */
function factsOf(output) {
  const { eligibility, appointment, mandate, guardian, questionnaire } = output;
  const facts = [["eligibility", `${word("status", eligibility.status)} · ${eligibility.burden} %`]];
  if (appointment) facts.push(["appointment", `${appointment.at.replace("T", " ")} · ${say(`terminal.appointment.${appointment.state}`)}`]);
  facts.push(["questionnaire", say(questionnaire ? "terminal.desk.yes" : "terminal.desk.no")]);
  if (guardian !== "none") facts.push(["guardian", word("guardian_is", guardian)]);
  facts.push(["mandate", mandate ? `${shared.money(mandate.up_to, desk.service.currency)} · ${mandate.until}` : say("terminal.fact_desk")]);
  if (output.bill_refused) facts.push(["bill_refused", output.bill_refused]);
  return facts;
}

function listOf(facts) {
  const list = element("dl", "", { class: "facts" });
  for (const [name, text] of facts) list.append(element("dt", say(`terminal.desk.${name}`)), element("dd", text));
  return list;
}

/** Unfolded, one at a time: the data is put in then, and taken out when it is folded. */
function detailsOf({ id, output }) {
  const details = element("details", "", { "data-visit": id });
  details.append(element("summary", say("terminal.desk.unfold")));
  details.addEventListener("toggle", () => {
    details.querySelector("dl")?.remove();
    if (!details.open) {
      if (desk.unfolded === id) desk.unfolded = undefined;
      return;
    }
    for (const other of document.querySelectorAll("#visits details[open]")) if (other !== details) other.open = false;
    desk.unfolded = id;
    const certificate = output.certificate ?? {};
    const named = OF_CERTIFICATE.filter((name) => certificate[name] !== undefined);
    details.append(listOf([...named.map((name) => [name, certificateText(name, certificate[name])]), ...factsOf(output)]));
  });
  details.open = desk.unfolded === id;
  return details;
}

function visitOf(request) {
  const { output } = request;
  const row = element("li", "", output.notices ? { class: "look" } : {});
  const head = element("p", "", { class: "visit" });
  const name = request.masked_name && request.masked_name + (spoken.language === "ja" ? " さま" : "");
  const parts = [["queue", output.queue], ["department", told(output.department)], ["name", name], ["patient", output.patient]];
  for (const [kind, text] of parts) if (text !== undefined) head.append(element("span", String(text), { class: kind }));
  row.append(head);
  if (output.notices) {
    const notices = element("ul", "", { class: "notices" });
    notices.append(...output.notices.map((notice) => element("li", word("notice", notice))));
    row.append(notices);
  }
  row.append(detailsOf(request));
  return row;
}

function draw() {
  if (!desk.service) return;
  at("place").textContent = told(desk.service.titles);
  document.title = `${told(desk.service.titles)} – Tebura`;
  at("count").textContent = say("terminal.desk.count", { count: desk.visits.length });
  const focused = document.activeElement?.closest("details")?.dataset.visit;
  at("visits").replaceChildren(...desk.visits.map(visitOf));
  if (focused) document.querySelector(`details[data-visit="${focused}"] summary`)?.focus({ preventScroll: true });
}

/* Opening and locking */

function lock() {
  clearTimeout(lockTimer);
  desk = {};
  at("visits").replaceChildren();
  at("count").textContent = "";
  at("list-fault").textContent = "";
  at("place").textContent = "";
  document.title = "Tebura";
  showView("key");
}

function touched() {
  clearTimeout(lockTimer);
  if (desk.service) lockTimer = setTimeout(lock, LOCK_MS);
}

/** Looks until this opening of the desk is over. Nothing is drawn anew while nothing changed. */
async function follow(own) {
  while (desk === own) {
    const { status, visits } = await waiting().catch(() => ({ status: 0 }));
    if (desk !== own) return;
    if (status === 401 || status === 403) return lock();
    at("list-fault").textContent = visits ? "" : say("terminal.refused.offline.title");
    if (visits && JSON.stringify(visits) !== JSON.stringify(own.visits)) {
      own.visits = visits;
      draw();
    }
    await rest(EVERY_MS);
  }
}

async function open(key) {
  const own = { key, after: oldest(Date.now()), visits: [] };
  desk = own;
  const { status, service } = await findClinic().catch(() => ({ status: 0 }));
  if (desk !== own) return;
  if (!service) {
    desk = {};
    at("key-fault").textContent = say({ 200: "terminal.nothing.heading", 0: "terminal.refused.offline.title" }[status] ?? "till.key.wrong");
    return;
  }
  own.service = service;
  at("key-fault").textContent = "";
  showView("list");
  draw();
  touched();
  await follow(own);
}

at("language").addEventListener("click", () => speak(shared.otherLanguage()));
at("lock").addEventListener("click", lock);
for (const kind of ["pointerdown", "keydown"]) document.addEventListener(kind, touched);
at("key-form").addEventListener("submit", async (event) => {
  event.preventDefault();
  const key = at("key").value.trim();
  at("key").value = "";
  await open(key);
});
window.addEventListener("pagehide", lock);

await speak(shared.firstLanguage());
