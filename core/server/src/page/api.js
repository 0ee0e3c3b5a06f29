// Talks to the hub. A payment is sent under one key until its end is known: repeats never pay twice.

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

/** Opens a session; `key` only where the hub asks for one. True when it is open. */
export async function openSession(key) {
  const headers = key ? { authorization: `Bearer ${key}` } : {};
  const response = await fetch("/till/session", { method: "POST", headers });
  return response.ok;
}

/** What this till is, or undefined without a session. */
export async function tillState() {
  const response = await fetch("/till/state");
  return response.ok ? response.json() : undefined;
}

/** Every word of the page in one language. */
export async function words(language) {
  return (await fetch(`/till/words/${language}`)).json();
}

/**
 * Pays under `key`. Resolves to {status: "paid" | "unknown" | "refused", code?, payment?}. A lost answer is asked for again with the
 * same key; when none comes at all the result is {status: "offline"}: nobody knows, and the page says so.
 */
export async function pay({ amount, image, pin, key }) {
  for (let attempt = 1; attempt <= TRIES; attempt += 1) {
    const form = new FormData();
    form.append("payment", JSON.stringify(pin ? { amount, pin } : { amount }));
    form.append("image", image, "face");
    try {
      const headers = { "idempotency-key": key };
      const response = await fetch("/v1/payments/face", { method: "POST", headers, body: form });
      const body = await read(response);
      if (response.status === 201) return { status: "paid", payment: body };
      if (response.status === 202) return { status: "unknown", payment: body };
      const again = body.retry === "same_key" && attempt < TRIES;
      if (!again) return { status: "refused", code: body.code ?? "hub.internal", httpStatus: response.status };
      await rest(body.retry_after_ms ?? PAUSE_MS);
    } catch {
      await rest(PAUSE_MS);
    }
  }
  return { status: "offline" };
}
