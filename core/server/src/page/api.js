// What a till asks of the hub. A payment is sent under one key until its end is known: repeats never pay twice.

import { patiently } from "./page.js";

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

/**
 * Pays under `key`. Resolves to {status: "paid" | "unknown" | "refused", code?, payment?}, or to {status: "offline"} when no answer
 * comes: nobody knows, and the page says so.
 */
export async function pay({ amount, image, pin, key }) {
  const form = new FormData();
  form.append("payment", JSON.stringify(pin ? { amount, pin } : { amount }));
  form.append("image", image, "face");
  const { status, body } = await patiently(key, "/v1/payments/face", { method: "POST", body: form });
  if (status === 0) return { status: "offline" };
  if (status === 201) return { status: "paid", payment: body };
  if (status === 202) return { status: "unknown", payment: body };
  return { status: "refused", code: body.code ?? "hub.internal", httpStatus: status };
}
