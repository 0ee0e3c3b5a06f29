// What a terminal asks of a service, and how it reads the answer. Knows no service by name: titles, fields, ways of
// recognition and outputs come from what the service says of itself.

import { freshKey, patiently, rest, sent } from "./page.js";

const PAUSE_MS = 1000;

/** Kinds of terminal: which plugin stands behind one, and what it asks of it. */
export const KINDS = {
  gate: { plugin: "jp.tebura.gate", action: "enter" },
  clinic: { plugin: "jp.tebura.clinic", action: "receive" },
  bus: { plugin: "jp.tebura.transit", action: "board" },
  shelter: { plugin: "jp.tebura.shelter", action: "register" },
  park: { plugin: "jp.tebura.play-park", action: "enter" },
  staff: { plugin: "jp.tebura.staff-login", action: "unlock" },
};

/** Fields that people fill in at a terminal although the service does not insist on them. */
const WELCOME = ["ticket", "people", "name"];
/** Outputs that say whether somebody may. */
const VERDICTS = ["admitted", "received", "permitted", "registered", "accepted", "boarded", "entered", "left"];

/** Opens a session; `key` only where the hub asks for one. True when it is open. */
export async function openTerminal(key) {
  const headers = key ? { authorization: `Bearer ${key}` } : {};
  return (await fetch("/terminal/session", { method: "POST", headers })).ok;
}

/** What the page has to know of its hub, or undefined without a session. */
export async function terminalState() {
  const response = await fetch("/terminal/state");
  return response.ok ? response.json() : undefined;
}

/** The service of a kind of terminal, or the one that is named, with the action that it is asked. */
export async function findService(kind, asked) {
  const response = await fetch("/v1/services");
  if (!response.ok) return undefined;
  const { services } = await response.json();
  const fits = (service) => (asked.service ? service.id === asked.service : service.plugin === KINDS[kind]?.plugin);
  const service = services.find(fits);
  const name = asked.action ?? KINDS[kind]?.action;
  const action = service?.actions.find((own) => own.name === name) ?? service?.actions[0];
  return service && action && { service, action };
}

/** What is fixed by the terminal's place (`gate=east-1`), and what people fill in: more of it where the place asks (`ask=pupils`). */
export function fieldsOf(action, place) {
  const { properties = {}, required = [] } = action.input_schema;
  const welcome = [...WELCOME, ...(place.get("ask") ?? "").split(",")];
  const fixed = {};
  const asked = [];
  for (const [name, schema] of Object.entries(properties)) {
    if (place.has(name)) fixed[name] = typed(schema, place.get(name));
    else if (required.includes(name) || welcome.includes(name)) asked.push({ name, schema, required: required.includes(name) });
  }
  return { fixed, asked };
}

/** A field's text as its schema wants it; undefined when it was left empty. */
export function typed(schema, text) {
  if (schema.type === "integer") return text === "" ? undefined : Number.parseInt(text, 10);
  if (schema.type === "boolean") return text === true || text === "true" || text === "on";
  return text === "" ? undefined : text;
}

/** Who a reader's text says somebody is: an id, or a code that the hub signed; undefined for any other text. */
export function readWho(text, by) {
  const word = text.trim();
  if (/^person_[0-9a-f]{32}$/.test(word)) return { person: word, by };
  return /^TBP1\.[\w-]+$/.test(word) ? { pass: word } : undefined;
}

/** The code of a ticket may be followed by whose it is. */
export function readTicket(text) {
  const words = text.trim().split(/\s+/);
  const holder = words.find((word) => readWho(word, "qr"));
  return { ticket: words.filter((word) => word !== holder).join(" "), holder };
}

/**
 * Asks under one key. Resolves to {status: "answered", request} or {status: "refused", code, httpStatus} or {status: "offline"}.
 */
export async function ask(service, request, image) {
  let body = request;
  if (image) {
    body = new FormData();
    body.append("request", JSON.stringify(request));
    body.append("image", image, "face");
  }
  return settled(service, await post(`/v1/services/${service.id}/requests`, body));
}

/** Says the person's word on money. */
export async function consent(service, request, body) {
  return settled(service, await post(`/v1/services/${service.id}/requests/${request.id}/consent`, body));
}

/** Tells a request that waits something. */
export async function tell(service, request, name, input) {
  return settled(service, await post(`/v1/services/${service.id}/requests/${request.id}/messages`, { name, input }));
}

async function post(path, body) {
  const answer = await patiently(freshKey(), path, sent("POST", body));
  if (answer.ok) return { status: "answered", request: answer.body };
  if (answer.status === 0) return { status: "offline" };
  return { status: "refused", code: answer.body.code ?? "hub.internal", httpStatus: answer.status };
}

/** Waits while a rail or a far end has not told yet. */
async function settled(service, answer) {
  let last = answer;
  while (last.status === "answered" && last.request.status === "pending") {
    await rest(PAUSE_MS);
    const path = `/v1/services/${service.id}/requests/${last.request.id}`;
    const again = await fetch(path).then((response) => response.ok && response.json()).catch(() => undefined);
    if (again) last = { status: "answered", request: again };
  }
  return last;
}

/** Whether somebody may, why not, and what else is said. */
export function verdict(output = {}) {
  const word = VERDICTS.find((name) => typeof output[name] === "boolean");
  const facts = Object.entries(output).filter(([name]) => !["reason", "code", word].includes(name));
  return { may: word === undefined ? output.reason === undefined : output[word], reason: output.reason, code: output.code, facts };
}
