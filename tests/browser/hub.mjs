// Starts a demo city on a free port in a folder of its own, and stops it.

import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
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

/** A running demo city: its till page, the wallet's switches, and how to stop it. */
export async function city() {
  const data = mkdtempSync(join(tmpdir(), "tebura-browser-"));
  const pack = process.env.TEBURA_PACK ? ["--pack", process.env.TEBURA_PACK] : [];
  const child = spawn(binary(), ["--listen", "127.0.0.1:0", "--data", data, ...pack], {
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, LANG: "C.UTF-8", LC_ALL: "", LC_MESSAGES: "" },
  });
  const ended = new Promise((done) => child.on("exit", done));
  await new Promise((ready, failed) => {
    let said = "";
    child.stdout.on("data", (text) => {
      said += text;
      if (said.includes("Ready in")) ready();
    });
    ended.then((code) => failed(new Error(`the hub ended with ${code} before it was ready:\n${said}`)));
  });
  const file = readFileSync(join(data, "demo.toml"), "utf8");
  const setting = (name) => new RegExp(`^${name} = "(.*)"$`, "m").exec(file)[1];
  const hub = setting("hub");
  const switches = (method, body) =>
    fetch(`${setting("wallet")}/sandbox/switches`, {
      method,
      headers: { authorization: `Bearer ${setting("wallet_sandbox_key")}` },
      body: body && JSON.stringify(body),
    });
  return {
    till: `${hub}/till`,
    /** The next calls of a kind go wrong. */
    misbehave: async (on, what, times) => {
      const answer = await switches("POST", { on, do: what, times });
      if (!answer.ok) throw new Error(`the wallet provider refused a switch: ${answer.status}`);
    },
    behave: () => switches("DELETE"),
    stop: async () => {
      child.kill("SIGTERM");
      const code = await ended;
      rmSync(data, { recursive: true, force: true });
      if (code !== 0) throw new Error(`the hub ended with ${code}`);
    },
  };
}
