/** The list of patients: search and pages. */

import { byId, element, enable, isEnabled } from "./dom.js";

const PAGE_SIZE = 8;
const TYPING_MS = 200; // silence after which a word counts as typed

export class Patients {
  #api;
  #page = 1;
  #pages = 1;
  #underWay = null;
  #typing;

  /** @param {import("../api.js").Api} api */
  constructor(api) {
    this.#api = api;
    byId("search").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#search();
    });
    byId("query").addEventListener("input", () => {
      clearTimeout(this.#typing);
      this.#typing = setTimeout(() => this.#search(), TYPING_MS);
    });
    byId("previous-page").addEventListener("click", ({ currentTarget }) => isEnabled(currentTarget) && this.#turn(-1));
    byId("next-page").addEventListener("click", ({ currentTarget }) => isEnabled(currentTarget) && this.#turn(+1));
  }

  /** Fetch and show the current page; a search that is still under way is cancelled. */
  async load() {
    this.#underWay?.abort();
    this.#underWay = new AbortController();
    const { signal } = this.#underWay;
    const query = new URLSearchParams({ q: byId("query").value.trim(), page: this.#page, size: PAGE_SIZE });
    try {
      const answer = await this.#api.call("GET", `/api/patients?${query}`, { signal });
      if (answer.status === 200) this.#show(answer.body);
      else this.#say(`The list cannot be shown (${answer.status}).`);
    } catch (error) {
      if (!signal.aborted) this.#say(`The list cannot be shown: ${error.message}`);
    }
  }

  /** Remove every patient from the page. */
  clear() {
    clearTimeout(this.#typing);
    this.#underWay?.abort();
    this.#page = 1;
    byId("query").value = "";
    this.#say("");
  }

  #search() {
    clearTimeout(this.#typing);
    this.#page = 1;
    this.load();
  }

  #turn(step) {
    this.#page += step;
    this.load();
  }

  #show({ items, total }) {
    this.#pages = Math.max(1, Math.ceil(total / PAGE_SIZE));
    const count = total === 1 ? "1 patient" : `${total} patients`;
    byId("patients-count").textContent = `${count}, page ${this.#page} of ${this.#pages}`;
    byId("patients").replaceChildren(...items.map(row));
    enable(byId("previous-page"), this.#page > 1);
    enable(byId("next-page"), this.#page < this.#pages);
  }

  #say(text) {
    byId("patients").replaceChildren();
    byId("patients-count").textContent = text;
  }
}

function row(patient) {
  const name = element("th", { scope: "row" }, `${patient.family_name}, ${patient.given_name}`);
  return element("tr", {}, name, element("td", {}, patient.birth_date), element("td", {}, patient.city));
}
