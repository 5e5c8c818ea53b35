/** The live log: one line for each call and each event, newest first. */

import { byId, element } from "./dom.js";

const MAX_LINES = 200;
const TIME = new Intl.DateTimeFormat(undefined, { timeStyle: "medium" });

/** Add a call, as `Api` reports it. */
export function logCall({ transport, method, path, status, ms, note }) {
  const outcome = [status, note].filter(Boolean).join(", ");
  addLine(transport, `${method} ${path}`, outcome, `${Math.round(ms)} ms`, status === null || status >= 400);
}

/** Add something that happened to the channel or the session. */
export function logEvent(text, { bad = false } = {}) {
  addLine("event", text, "", "", bad);
}

/** Remove all lines. */
export function clearLog() {
  byId("log").replaceChildren();
}

function addLine(source, text, outcome, duration, bad) {
  const line = element(
    "li",
    { className: bad ? "bad" : "" },
    element("time", {}, TIME.format(new Date())),
    element("span", { className: `source ${source}` }, source),
    element("span", { className: "text" }, text),
    element("span", { className: "outcome" }, outcome),
    element("span", { className: "duration" }, duration),
  );
  const log = byId("log");
  log.prepend(line);
  while (log.childElementCount > MAX_LINES) log.lastElementChild.remove();
}
