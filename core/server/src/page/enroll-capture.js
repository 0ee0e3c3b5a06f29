// Captures a face: takes pictures until the hub says that what was asked is seen, prompt after prompt. There is no way to send a
// picture that was taken before.

import { send } from "./enroll-api.js";
import { rest } from "./page.js";

const BETWEEN_MS = 600;

export class Capture {
  #camera;
  #tell;
  #going = false;

  /** `tell({prompt, taken, of, code})` after each step: what is asked now, and why the last picture did not count. */
  constructor(camera, tell) {
    this.#camera = camera;
    this.#tell = tell;
  }

  stop() {
    this.#going = false;
  }

  /** Resolves to {enrolled: true}, or {code} when it cannot go on. */
  async run() {
    const opened = await send("POST", "/enroll/capture");
    if (!opened.ok) return { code: opened.body.code };
    let at = opened.body;
    this.#going = true;
    this.#tell(at);
    await rest(BETWEEN_MS);
    while (this.#going) {
      const form = new FormData();
      form.append("image", await this.#camera.take(), "frame");
      const answer = await send("POST", `/enroll/capture/${opened.body.id}/frames`, form);
      if (!this.#going) break;
      if (answer.status === 201) return { enrolled: true };
      if (answer.ok) {
        at = answer.body;
        this.#tell(at);
      } else if (answer.status === 422) {
        // Not what was asked, or no good picture: say so and look again.
        this.#tell({ ...at, code: answer.body.code });
      } else {
        return { code: answer.body.code };
      }
      await rest(BETWEEN_MS);
    }
    return { code: "stopped" };
  }
}
