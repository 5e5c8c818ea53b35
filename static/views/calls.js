/** The buttons that call the API in ways that an application does. */

import { byId, enable, isEnabled } from "./dom.js";

const SAMPLE_BYTES = 1_000_000;
const REPORT_BYTES = 5_000_000;
const NUMBER = new Intl.NumberFormat();

export class Calls {
  #api;
  #slow = null;

  /** @param {import("../api.js").Api} api */
  constructor(api) {
    this.#api = api;
    for (const input of document.querySelectorAll("input[name=transport]")) {
      input.addEventListener("change", () => (api.transport = input.value));
    }
    on("who-am-i", () => this.#whoAmI());
    on("ten-calls", () => this.#tenCalls());
    on("slow-call", () => this.#slowCall());
    on("large-report", () => this.#largeReport());
    on("failing-call", () => this.#failingCall());
    byId("cancel-call").addEventListener("click", () => this.#slow?.abort());
    byId("upload").addEventListener("submit", (event) => {
      event.preventDefault();
      report(() => this.#upload());
    });
  }

  /** Cancel what is under way and forget what was shown. */
  clear() {
    this.#slow?.abort();
    byId("upload").reset();
    byId("result").textContent = "Results appear here.";
  }

  async #whoAmI() {
    const { body } = await this.#expect("GET", "/api/echo");
    return `The API knows you as ${body.subject}, by a token that your browser never had.`;
  }

  async #tenCalls() {
    const started = performance.now();
    const ids = Array.from({ length: 10 }, (_, index) => index + 1);
    await Promise.all(ids.map((id) => this.#expect("GET", `/api/patients/${id}`)));
    return `Ten answers in ${Math.round(performance.now() - started)} ms.`;
  }

  async #slowCall() {
    this.#slow = new AbortController();
    enable(byId("cancel-call"), true);
    try {
      await this.#expect("GET", "/api/slow?seconds=10", { signal: this.#slow.signal });
      return "The slow call has ended.";
    } finally {
      enable(byId("cancel-call"), false);
    }
  }

  async #largeReport() {
    const { body, ms } = await this.#expect("GET", `/api/report?bytes=${REPORT_BYTES}`);
    return `${NUMBER.format(body.size)} bytes in ${Math.round(ms)} ms.`;
  }

  async #failingCall() {
    const { status, body } = await this.#api.call("GET", "/api/error");
    return `The API failed with status ${status}: ${body?.summary ?? "no details"}`;
  }

  async #upload() {
    const file = byId("file").files[0] ?? new Blob([new Uint8Array(SAMPLE_BYTES)], { type: "application/octet-stream" });
    const { body } = await this.#expect("POST", "/api/documents", { body: file });
    return `The API received ${NUMBER.format(body.bytes)} bytes, SHA-256 ${body.sha256.slice(0, 12)}…`;
  }

  /** Call and take only a success. */
  async #expect(method, path, options) {
    const answer = await this.#api.call(method, path, options);
    if (answer.status < 400) return answer;
    throw new Error(answer.body?.detail ?? answer.body?.title ?? `The API answered ${answer.status}.`);
  }
}

/** Run `action` when the button is pressed, once at a time, and say afterwards what came of it. */
function on(id, action) {
  const button = byId(id);
  button.addEventListener("click", async () => {
    if (!isEnabled(button)) return;
    enable(button, false);
    await report(action);
    enable(button, true);
  });
}

async function report(action) {
  const result = byId("result");
  try {
    result.textContent = await action();
  } catch (error) {
    result.textContent = error.name === "AbortError" ? "Cancelled." : error.message;
  }
}
