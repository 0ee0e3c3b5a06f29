// What the pages have in common: words, views, and calls that are repeated under one key until they are answered.

const TRIES = 4;
const PAUSE_MS = 1000;

export const at = (id) => document.getElementById(id);
export const rest = (ms) => new Promise((done) => setTimeout(done, ms));

/* Words */

/** The language that is shown, and its words by key. */
export const spoken = { language: "ja", words: {} };

export function say(key, values = {}) {
  const text = spoken.words[key] ?? key;
  return text.replace(/\{(\w+)\}/g, (mark, name) => values[name] ?? mark);
}

export const known = (key) => key in spoken.words;

/** A text that is there in both languages, or in one. */
export const told = (text) => text?.[spoken.language] ?? text?.ja ?? text?.en ?? "";

export const otherLanguage = () => (spoken.language === "ja" ? "en" : "ja");

/** What the address asks for, or the browser speaks. */
export function firstLanguage() {
  const asked = new URLSearchParams(location.search).get("lang");
  return asked === "en" || (!asked && !navigator.language.startsWith("ja")) ? "en" : "ja";
}

/** Fetches the words of a page (`till`, `enroll`) in a language, and writes those that are marked in the document. */
export async function speak(page, language) {
  spoken.language = language;
  spoken.words = await (await fetch(`/${page}/words/${language}`)).json();
  document.documentElement.lang = language;
  for (const element of document.querySelectorAll("[data-text]")) element.textContent = say(element.dataset.text);
  at("language").textContent = say(`${page}.language`);
  at("language").lang = otherLanguage();
  at("language").setAttribute("aria-label", say(`${page}.language_label`));
  at("banner").textContent = say(`${page}.banner`);
}

/** An amount as people read it. `exponent`: the currency's own, where the hub did not say. */
export function money(minor, currency, exponent) {
  const digits = exponent === undefined ? {} : { minimumFractionDigits: exponent, maximumFractionDigits: exponent };
  try {
    const locale = spoken.language === "ja" ? "ja-JP" : "en-US";
    const format = new Intl.NumberFormat(locale, { style: "currency", currency, currencyDisplay: "narrowSymbol", ...digits });
    return format.format(minor / 10 ** format.resolvedOptions().maximumFractionDigits).replace("￥", "¥");
  } catch {
    return `${minor / 10 ** (exponent ?? 0)} ${currency}`;
  }
}

export function day(date) {
  return new Intl.DateTimeFormat(spoken.language === "ja" ? "ja-JP" : "en-GB", { dateStyle: "long" }).format(new Date(date));
}

/* Views */

/** Shows one section and no other. */
export function showView(view) {
  at("main").dataset.view = view;
  for (const section of document.querySelectorAll("main > section")) section.hidden = section.dataset.view !== view;
  document.querySelector(`section[data-view="${view}"] h1`)?.focus({ preventScroll: true });
  window.scrollTo(0, 0);
}

export function element(name, text = "", attributes = {}) {
  const made = document.createElement(name);
  made.textContent = text;
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}

/** Buttons with the demo city's drawn faces; `pick(blob, button)` when one is chosen. */
export function drawFaces(pictures, pick) {
  for (const name of at("faces").children.length > 0 ? [] : pictures) {
    const button = element("button", "", { type: "button", "data-face": name, "aria-pressed": "false" });
    const picture = element("img", "", { src: `/till/faces/${name}.png`, alt: "" });
    button.append(picture, element("span"));
    button.addEventListener("click", async () => pick(await (await fetch(picture.src)).blob(), button));
    at("faces").append(button);
  }
}

export function pressFace(button) {
  for (const face of at("faces").children) face.setAttribute("aria-pressed", String(face === button));
}

export function nameFaces() {
  for (const face of at("faces").children) face.querySelector("span").textContent = say(`till.demo.${face.dataset.face}`);
}

/* Calls */

/** A fresh Idempotency-Key: 128 random bits. `crypto.randomUUID` is missing where the page has no TLS. */
export function freshKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

export async function read(response) {
  const type = response.headers.get("content-type") ?? "";
  return type.includes("json") ? response.json() : {};
}

/**
 * Sends under one key, again while the hub says so or while no answer comes: nothing is done twice. Resolves to {ok, status, body};
 * `body.code` says why not. Status 0 and the code `offline`: nobody knows what became of it.
 */
export async function patiently(key, path, options) {
  const headers = { ...options.headers, "idempotency-key": key };
  for (let attempt = 1; attempt <= TRIES; attempt += 1) {
    try {
      const response = await fetch(path, { ...options, headers });
      const body = await read(response);
      if (body.retry !== "same_key" || attempt === TRIES) return { ok: response.ok, status: response.status, body };
      await rest(body.retry_after_ms ?? PAUSE_MS);
    } catch {
      await rest(PAUSE_MS);
    }
  }
  return { ok: false, status: 0, body: { code: "offline" } };
}

/** What is sent as JSON, or as the form that it is. */
export function sent(method, body) {
  if (body instanceof FormData) return { method, body };
  return { method, body: JSON.stringify(body ?? {}), headers: { "content-type": "application/json" } };
}
