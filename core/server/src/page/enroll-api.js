// What the enrolment page asks of the hub: steps of the person's own, or of a ward for whom she acts.

import { freshKey, patiently, read, sent } from "./page.js";

/** For whom the page acts: a ward's id, or undefined for oneself. */
let ward;

export function actFor(person) {
  ward = person;
}

/** The address of a step for whom the page acts. */
export const address = (path) => (ward ? `${path}?for=${ward}` : path);

/** Opens the page for a ticket; without one only the demo city does. Resolves to {ok, code?}. */
export async function openPage(ticket) {
  const headers = { "idempotency-key": freshKey(), ...(ticket && { authorization: `Bearer ${ticket}` }) };
  const response = await fetch("/enroll/session", { method: "POST", headers });
  return { ok: response.ok, code: (await read(response)).code };
}

/** Where the person stands, or undefined when no page is open. */
export async function pageState() {
  const response = await fetch(address("/enroll/state"));
  return response.ok ? response.json() : undefined;
}

/** One step, under a key of its own. Resolves to {ok, status, body}; `body.code` says why not. */
export function send(method, path, body) {
  return patiently(freshKey(), address(path), sent(method, body));
}
