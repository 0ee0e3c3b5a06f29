// Starts hubs on free ports in folders of their own, and stops them.

import { execFileSync, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "../..");

/** The binary: $TEBURA, or what cargo built last. */
export function binary() {
  const built = [process.env.TEBURA, join(root, "target/release/tebura"), join(root, "target/debug/tebura")];
  const found = built.find((path) => path && existsSync(path));
  if (!found) throw new Error("no tebura binary: run `cargo build --release` first, or set TEBURA");
  return found;
}

/** Where screenshots go. */
export const shots = join(root, "target/browser");

/** Runs a command of the binary to its end. */
export function run(...args) {
  return new Promise((done, failed) => {
    const child = spawn(binary(), args, { stdio: ["ignore", "inherit", "inherit"] });
    child.on("exit", (code) => (code === 0 ? done() : failed(new Error(`tebura ${args.join(" ")} ended with ${code}`))));
  });
}

/** Starts the binary in a data folder and waits for `ready` in what it writes to one of its streams. */
async function start(args, data, stream, ready) {
  const stdio = ["ignore", "inherit", "inherit"];
  stdio[stream === "stdout" ? 1 : 2] = "pipe";
  const child = spawn(binary(), args, { stdio, env: { ...process.env, LANG: "C.UTF-8", LC_ALL: "", LC_MESSAGES: "" } });
  const ended = new Promise((done) => child.on("exit", done));
  let said = "";
  await new Promise((served, failed) => {
    child[stream].on("data", (text) => {
      said += text;
      if (ready.test(said)) served();
    });
    ended.then((code) => failed(new Error(`the hub ended with ${code} before it was ready:\n${said}`)));
  });
  const stop = async () => {
    child.kill("SIGTERM");
    const code = await ended;
    rmSync(data, { recursive: true, force: true });
    if (code !== 0) throw new Error(`the hub ended with ${code}`);
  };
  return { said, stop };
}

const folder = () => mkdtempSync(join(tmpdir(), "tebura-browser-"));

/** A hub outside the demo with one shop and one till, set up through the API. */
export async function hub() {
  const data = folder();
  const operator = execFileSync(binary(), ["operator-key", "--data", data], { stdio: ["ignore", "pipe", "ignore"] });
  const args = ["serve", "--listen", "127.0.0.1:0", "--data", data, "--log", "json"];
  const { said, stop } = await start(args, data, "stderr", /"address":"[^"]+"/);
  const origin = `http://${/"address":"([^"]+)"/.exec(said)[1]}`;
  const make = async (path, body) => {
    const headers = {
      authorization: `Bearer ${String(operator).trim()}`,
      "content-type": "application/json",
      "idempotency-key": path,
    };
    const answer = await fetch(origin + path, { method: "POST", headers, body: JSON.stringify(body) });
    const made = await answer.json();
    if (!answer.ok) throw new Error(`${path}: ${JSON.stringify(made)}`);
    return made;
  };
  const merchant = (await make("/v1/merchants", { name: "Bookshop", sandbox: false, currency: "JPY" })).id;
  const gallery = (await make("/v1/galleries", { name: "Residents" })).id;
  const till = { merchant, gallery, name: "Till 1", pin_above: 5000, max_amount: 30000 };
  const key = { merchant, till: (await make("/v1/tills", till)).id, scopes: ["pay"] };
  return { till: `${origin}/till`, tillKey: (await make("/v1/keys", key)).secret, stop };
}

/** A running demo city: its till page, the wallet's switches, and how to stop it. */
export async function city() {
  const data = folder();
  const { stop } = await start(["--listen", "127.0.0.1:0", "--data", data], data, "stdout", /Ready in/);
  const file = readFileSync(join(data, "demo.toml"), "utf8");
  const setting = (name) => new RegExp(`^${name} = "(.*)"$`, "m").exec(file)[1];
  const switches = (method, body) =>
    fetch(`${setting("wallet")}/sandbox/switches`, {
      method,
      headers: { authorization: `Bearer ${setting("wallet_sandbox_key")}` },
      body: body && JSON.stringify(body),
    });
  const call = async (path, body, key) => {
    const headers = { authorization: `Bearer ${key}`, "content-type": "application/json", "idempotency-key": randomUUID() };
    const answer = await fetch(setting("hub") + path, { method: "POST", headers, body: JSON.stringify(body) });
    const said = await answer.json();
    if (!answer.ok) throw new Error(`${path}: ${JSON.stringify(said)}`);
    return said;
  };
  const operator = (path, body) => call(path, body, setting("operator_key"));
  const ticket = async (person) => (await operator("/v1/enrolments", { proof: "skipped", person })).ticket;
  return {
    origin: setting("hub"),
    /** A ticket for the enrolment page: of somebody who is registered, or to register. */
    ticket,
    till: `${setting("hub")}/till`,
    /** A value of demo.toml: ids of people, of the shop and of its gallery. */
    setting,
    call,
    operator,
    /** A file in the folder of credentials. */
    credential: (name, text) => {
      mkdirSync(join(data, "credentials"), { recursive: true });
      writeFileSync(join(data, "credentials", name), text, { mode: 0o600 });
    },
    /** Puts a plugin of this repository into the city. */
    install: async (plugin, grants) => {
      const file = (name) => readFileSync(join(root, "plugins", plugin, name));
      const manifest = String(file("plugin.toml"));
      const component = file(`${plugin}.wasm`).toString("base64");
      const body = { manifest, component, signatures: String(file("plugin.sig")), grants };
      const { approval } = await operator("/operator/plugins/offer", body);
      await operator("/operator/plugins", { ...body, approval });
    },
    /** Makes these files of services what runs. */
    configure: (files) => operator("/operator/services", { files, against: 0, note: "test" }),
    /** The next calls of a kind go wrong. */
    misbehave: async (on, what, times) => {
      const answer = await switches("POST", { on, do: what, times });
      if (!answer.ok) throw new Error(`the wallet provider refused a switch: ${answer.status}`);
    },
    behave: () => switches("DELETE"),
    stop,
  };
}
