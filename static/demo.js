/** The page: signed out or signed in, and what leads from one to the other. */

import { Api } from "./api.js";
import { Channel } from "./channel.js";
import { setIdentity, speaksForAnother } from "./identity.js";
import { fetchSession, loginUrl, logOut } from "./session.js";
import { Calls } from "./views/calls.js";
import { byId } from "./views/dom.js";
import { clearHoldings, showHoldings } from "./views/holdings.js";
import { clearLog, logCall, logEvent } from "./views/log.js";
import { Patients } from "./views/patients.js";
import { SessionPanel } from "./views/session-panel.js";
import { clearSessions, showSessions } from "./views/sessions.js";

const OTHER_USER = 4409;
const CHECK_MS = 30_000; // without a channel nobody else tells that the session has ended
const AFTER_CALL_MS = 500; // many calls in a row, one look at the session

const END_REASONS = {
  logout: "You have logged out.",
  idle: "You were logged out because nothing happened for a while.",
  absolute: "You were logged out because the longest time of a session was over.",
  refused: "The login server has ended your login.",
  no_refresh_token: "Your login was not meant to last longer.",
  identity: "The login server named another user.",
  replaced: "You have logged in again elsewhere in this browser.",
  other_user: "Another user has logged in in this browser.",
  elsewhere: "You have ended this session from another one.",
  operator: "An operator has ended your session.",
  provider: "You have logged out at the login server.",
  last_channel: "The last window of the application was closed.",
};
const CHANNEL_STATES = {
  closed: "Channel closed",
  connecting: "Channel connecting",
  open: "Channel open",
  waiting: "No channel, using HTTP",
  refused: "No channel, using HTTP",
  ended: "Channel closed",
};

const channel = new Channel();
const api = new Api(channel);
const patients = new Patients(api);
const calls = new Calls(api);
const panel = new SessionPanel();

let view = null;
let leaving = false;
let afterCall;

function show(name) {
  view = name;
  for (const id of ["signed-out", "signed-in", "unavailable"]) byId(id).hidden = id !== name;
  byId("user").hidden = byId("channel-state").hidden = name !== "signed-in";
}

/** Ask the hub who is logged in, and show that. */
async function look(options) {
  let session;
  try {
    session = await fetchSession(options);
  } catch {
    if (view !== "signed-in") show("unavailable");
    return;
  }
  if (leaving) return;
  if (session.authenticated) signedIn(session);
  else signedOut(session.reason);
}

function signedIn(session) {
  if (speaksForAnother(session)) return location.reload(); // what this page shows is the former user's
  panel.show(session);
  if (view === "signed-in") return;
  setIdentity(session.identity);
  show("signed-in");
  channel.open();
  patients.load();
  showHoldings();
  showSessions();
}

/** Leave nothing private on the page, and say why the session ended if that is known. */
function signedOut(reason) {
  const wasSignedIn = view === "signed-in";
  channel.close();
  clearPrivate();
  const text = END_REASONS[reason] ?? (wasSignedIn ? "Your session has ended." : "");
  if (text || view !== "signed-out") byId("session-end").textContent = text;
  byId("session-end").hidden = !byId("session-end").textContent;
  byId("announcement").textContent = text;
  byId("log-in").href = loginUrl();
  show("signed-out");
  if (wasSignedIn) byId("welcome").focus();
}

function clearPrivate() {
  clearTimeout(afterCall);
  setIdentity("");
  patients.clear();
  calls.clear();
  panel.clear();
  clearHoldings();
  clearSessions();
  clearLog();
}

async function leave() {
  leaving = true;
  byId("log-out").disabled = true;
  try {
    const destination = await logOut();
    clearPrivate();
    location.replace(destination);
  } catch (error) {
    leaving = false;
    byId("log-out").disabled = false;
    logEvent(`Logging out failed: ${error.message}`, { bad: true });
  }
}

function showChannelState({ state, code, reason, retryInMs }) {
  const pill = byId("channel-state");
  pill.textContent = CHANNEL_STATES[state];
  pill.dataset.state = state;
  if (view !== "signed-in") return;
  const why = code === undefined ? "" : ` (${code}${reason ? ` ${reason}` : ""})`;
  const next = retryInMs === undefined || retryInMs === null ? "" : `, dialling again in ${Math.ceil(retryInMs / 1000)} s`;
  logEvent(`${CHANNEL_STATES[state]}${why}${next}`, { bad: state === "waiting" || state === "refused" });
  if ((state === "ended" || code === OTHER_USER) && !leaving) look();
}

function takeEvent({ topic, name, data }) {
  if (topic !== "session" || leaving) return;
  logEvent(`Session ${name}${data.reason ? `: ${data.reason}` : ""}`, { bad: name === "ended" });
  if (name === "ended") {
    signedOut(data.reason);
    return;
  }
  if (name === "refreshed") panel.renewed();
  look();
}

channel.addEventListener("state", ({ detail }) => showChannelState(detail));
channel.addEventListener("event", ({ detail }) => takeEvent(detail));
api.addEventListener("login", ({ detail }) => leaving || signedOut(detail.reason));
api.addEventListener("call", ({ detail }) => {
  if (view !== "signed-in") return;
  logCall(detail);
  clearTimeout(afterCall);
  afterCall = setTimeout(look, AFTER_CALL_MS);
});
panel.addEventListener("stay", () => look({ active: true }));
panel.addEventListener("over", () => look());
byId("log-out").addEventListener("click", leave);
byId("look-again").addEventListener("click", showHoldings);
byId("list-again").addEventListener("click", showSessions);
byId("try-again").addEventListener("click", () => look());
setInterval(() => view === "signed-in" && look(), CHECK_MS);
document.addEventListener("visibilitychange", () => {
  if (!document.hidden && view === "signed-out") look(); // perhaps the user has logged in in another tab
});

// A page that leaves could be kept and shown again by the back button, after somebody else has logged in.
window.addEventListener("pagehide", () => {
  channel.close();
  clearPrivate();
  show(null);
});
window.addEventListener("pageshow", ({ persisted }) => persisted && location.reload());

look();
