/** Lists everything that a script of this page, and so an attacker's script too, could read in this browser. */

import { byId, element } from "./dom.js";

const JWT = /eyJ[\w-]{8,}\.[\w-]+\.[\w-]*/; // base64url of a JSON object, twice, with dots

/** Look, and show what is there. */
export async function showHoldings() {
  const found = [
    ["document.cookie", document.cookie.split("; ").filter(Boolean)],
    ["localStorage", entries(localStorage)],
    ["sessionStorage", entries(sessionStorage)],
    ["IndexedDB", (await indexedDB.databases()).map(({ name }) => name)],
    ["Cache storage", "caches" in window ? await caches.keys() : []],
  ];
  byId("holdings").replaceChildren(...found.flatMap(([place, items]) => [element("dt", {}, place), describe(items)]));
  const tokens = found.flatMap(([, items]) => items).filter((item) => JWT.test(item));
  byId("verdict").textContent = tokens.length
    ? `${tokens.length} of these look like a token. That should not be.`
    : "Everything that a script of this page can read. No token is among it.";
  byId("verdict").className = tokens.length ? "notice" : "good";
}

/** Remove the list. */
export function clearHoldings() {
  byId("holdings").replaceChildren();
  byId("verdict").textContent = "";
}

function entries(storage) {
  return Object.entries(storage).map(([name, value]) => `${name}=${value}`);
}

function describe(items) {
  if (items.length === 0) return element("dd", { className: "nothing" }, "nothing");
  return element("dd", {}, ...items.map((item) => element("code", {}, item)));
}
