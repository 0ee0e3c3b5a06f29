// The camera, or a picked picture in its place. Pictures live in memory until the payment is decided.

const WIDTH = 640;
const HEIGHT = 480;

export class Camera {
  #video;
  #picked;
  #stream;
  #blob;

  constructor(video, picked) {
    this.#video = video;
    this.#picked = picked;
  }

  /** Starts the camera. Resolves to "on", "none" or "blocked". */
  async start() {
    this.forget();
    if (this.#stream) return "on";
    if (!navigator.mediaDevices?.getUserMedia) return "none";
    try {
      const video = { width: WIDTH, height: HEIGHT, facingMode: "user" };
      this.#stream = await navigator.mediaDevices.getUserMedia({ video, audio: false });
    } catch (error) {
      return error.name === "NotFoundError" ? "none" : "blocked";
    }
    this.#video.srcObject = this.#stream;
    await this.#video.play().catch(() => {});
    return "on";
  }

  stop() {
    for (const track of this.#stream?.getTracks() ?? []) track.stop();
    this.#stream = undefined;
    this.#video.srcObject = null;
    this.forget();
  }

  /** Shows a picture instead of the camera. */
  pick(blob) {
    this.forget();
    this.#blob = blob;
    this.#picked.src = URL.createObjectURL(blob);
    this.#picked.hidden = false;
  }

  /** Forgets the picked picture. */
  forget() {
    if (this.#picked.src) URL.revokeObjectURL(this.#picked.src);
    this.#picked.removeAttribute("src");
    this.#picked.hidden = true;
    this.#blob = undefined;
  }

  get ready() {
    return Boolean(this.#blob) || (Boolean(this.#stream) && this.#video.videoWidth > 0);
  }

  /** One picture: the picked one, or what the camera sees now. */
  async take() {
    if (this.#blob) return this.#blob;
    const canvas = document.createElement("canvas");
    canvas.width = this.#video.videoWidth;
    canvas.height = this.#video.videoHeight;
    canvas.getContext("2d").drawImage(this.#video, 0, 0);
    return new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.95));
  }
}
