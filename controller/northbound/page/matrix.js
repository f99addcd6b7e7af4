// Who may reach whom: tenants first; a cell leads to the services of the two.

import { ask, Refused } from "./api.js";
import { lastDenied } from "./denied.js";
import { el, find, show } from "./dom.js";
import { guard, tell } from "./messages.js";
import { byArrows } from "./arrows.js";

let pair = null; // the two tenants whose services are shown
let turn = 0;
let explain = null;

/** `choose(source, destination, cell)` is told of a pair of services that the reader chooses. */
export function start(choose) {
  explain = choose;
  find("matrix-match").addEventListener("change", () => guard(draw));
}

/** Draws the matrix where the reader is; of answers that overtake each other, that of the last question. */
export async function draw() {
  const mine = ++turn;
  const matrix = await asked();
  if (mine !== turn) return;
  place(matrix);
  show(find("matrix"), grid(matrix));
}

async function asked() {
  const match = find("matrix-match").value.trim();
  try {
    return await ask(`/v1/matrix?${new URLSearchParams({ ...pair, match })}`);
  } catch (error) {
    if (!pair || !(error instanceof Refused && error.status === 404)) throw error;
    tell(`${error.message}: here are all tenants`); // one of the two was deleted meanwhile
    leave();
    return asked();
  }
}

function leave() {
  pair = null;
  find("matrix-match").value = ""; // it was about other names
}

/** Goes down to the services of two tenants, or back up, and takes the keyboard along to a button. */
async function go(where, key) {
  leave();
  pair = where;
  await draw();
  const buttons = [...document.querySelectorAll("#matrix button")];
  (buttons.find((button) => button.dataset.key === key) ?? buttons[0] ?? find("matrix")).focus();
}

function place({ sources, destinations, total }) {
  const back = () => guard(() => go(null, `${pair.source} ${pair.destination}`));
  const shown = pair
    ? [el("button", { id: "matrix-back", "data-key": "back", onclick: back }, "all tenants"),
      ` services of ${pair.source} to those of ${pair.destination}; choose a pair to have it explained`]
    : ["tenants, from the left to the top; a number says how many rules open something"];
  const parts = [[sources, total.sources], [destinations, total.destinations]]
    .filter(([names, all]) => names.length < all)
    .map(([names, all]) => `${names.length} of ${all}`);
  const part = parts.length ? ` (${[...new Set(parts)].join(" and ")} shown: look for a name)` : "";
  show(find("matrix-place"), ...shown, part);
}

function grid(matrix) {
  const cells = new Map(matrix.cells.map((cell) => [`${cell.source} ${cell.destination}`, cell]));
  const button = (source, destination) => {
    const key = `${source} ${destination}`;
    const cell = cells.get(key);
    const seen = lastDenied(source, destination);
    const title = `${source} to ${destination}: ${cell ? told(cell) : "denied"}${seen ? `; tried and denied at ${seen}` : ""}`;
    const text = cell ? String((cell.rules ?? cell.openings).length) : "·";
    const onclick = () => (matrix.of === "services"
      ? explain(source, destination, cell) : guard(() => go({ source, destination })));
    return el("button", { class: [cell && "allowed", seen && "tried"].filter(Boolean).join(" ") || null, "data-key": key, title, "aria-label": title, onclick }, text);
  };
  const head = el("tr", {}, el("td"), ...matrix.destinations.map((name) => el("th", { scope: "col" }, name)));
  const rows = matrix.sources.map((source) => el("tr", {}, el("th", { scope: "row" }, source),
    ...matrix.destinations.map((destination) => el("td", {}, button(source, destination)))));
  const made = el("table", { class: "matrix" }, el("thead", {}, head), el("tbody", {}, ...rows));
  made.addEventListener("keydown", byArrows);
  return made;
}

const told = (cell) => (cell.rules ?? cell.openings.map((one) => `${one.allow.join(", ")} by ${one.rule} as ${one.class}`)).join("; ");
