// Talks to the hub. A step is sent under one key until it is answered: repeats never do it twice.

const TRIES = 4;
const PAUSE_MS = 1000;

const rest = (ms) => new Promise((done) => setTimeout(done, ms));

/** A fresh Idempotency-Key: 128 random bits. `crypto.randomUUID` is missing where the page has no TLS. */
export function freshKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

async function read(response) {
  const type = response.headers.get("content-type") ?? "";
  return type.includes("json") ? response.json() : {};
}

/** Opens the page for a ticket; without one only the demo city does. Resolves to {ok, code?}. */
export async function openPage(ticket) {
  const headers = { "idempotency-key": freshKey(), ...(ticket && { authorization: `Bearer ${ticket}` }) };
  const response = await fetch("/enroll/session", { method: "POST", headers });
  return { ok: response.ok, code: (await read(response)).code };
}

/** Where the person stands, or undefined when no page is open. */
export async function pageState() {
  const response = await fetch("/enroll/state");
  return response.ok ? response.json() : undefined;
}

/** Every word of the page in one language. */
export async function words(language) {
  return (await fetch(`/enroll/words/${language}`)).json();
}

/** One step. Resolves to {ok, status, body}; `body.code` says why not. A lost answer is asked for again with the same key. */
export async function send(method, path, body) {
  const key = freshKey();
  const isForm = body instanceof FormData;
  for (let attempt = 1; attempt <= TRIES; attempt += 1) {
    const headers = { "idempotency-key": key };
    if (!isForm) headers["content-type"] = "application/json";
    try {
      const response = await fetch(path, { method, headers, body: isForm ? body : JSON.stringify(body ?? {}) });
      const answer = await read(response);
      const again = answer.retry === "same_key" && attempt < TRIES;
      if (!again) return { ok: response.ok, status: response.status, body: answer };
      await rest(answer.retry_after_ms ?? PAUSE_MS);
    } catch {
      await rest(PAUSE_MS);
    }
  }
  return { ok: false, status: 0, body: { code: "offline" } };
}
