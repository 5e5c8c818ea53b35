/** Where the user is logged in, and the way to end a login that they do not know. */

import { endSession, fetchSessions } from "../session.js";
import { byId, element } from "./dom.js";

let looks = 0;

/** Ask the hub, and show what it says. */
export async function showSessions() {
  const look = (looks += 1);
  let items;
  try {
    items = (await fetchSessions()).map(describe);
  } catch (error) {
    items = [element("li", { className: "notice" }, error.message)];
  }
  if (look === looks) byId("sessions").replaceChildren(...items); // else the user has gone, or there was a later look
}

/** Remove the list. */
export function clearSessions() {
  looks += 1;
  byId("sessions").replaceChildren();
}

function describe({ handle, current, client, address, age }) {
  const minutes = Math.floor(age / 60);
  const since = minutes < 1 ? "since just now" : `for ${minutes} min`;
  const text = `${client || "A program"}, at ${address || "an unknown address"}, ${since}`;
  return element("li", {}, text, " ", current ? element("strong", {}, "This one") : endButton(handle));
}

function endButton(handle) {
  const button = element("button", { type: "button", className: "quiet" }, "End it");
  button.addEventListener("click", () => end(handle));
  return button;
}

async function end(handle) {
  const look = looks;
  try {
    await endSession(handle);
  } catch (error) {
    if (look === looks) byId("sessions").append(element("li", { className: "notice" }, error.message));
    return;
  }
  byId("sessions-title").focus(); // the button that had it goes
  showSessions();
}
