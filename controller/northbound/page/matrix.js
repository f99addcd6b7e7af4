// Who may reach whom: tenants first; a cell leads to the services of the two.

import { ask, Refused } from "./api.js";
import { lastDenied, marked } from "./denied.js";
import { clock, el, find, show } from "./dom.js";
import { drawing } from "./drawing.js";
import { guard, tell } from "./messages.js";
import { byArrows } from "./arrows.js";

const NAMES = 25; // a side: what a screen has room for
let pair = null; // the two tenants whose services are shown
let turn = 0;
let shown = ""; // what was drawn last: most news change nothing here, and many cells take a while
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
  const look = JSON.stringify([matrix, marked()]);
  if (mine !== turn || look === shown) return;
  drawing(() => {
    place(matrix);
    show(find("matrix"), grid(matrix));
  });
  shown = look;
}

async function asked() {
  const match = find("matrix-match").value.trim();
  try {
    return await ask(`/v1/matrix?${new URLSearchParams({ ...pair, match, limit: NAMES })}`);
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

/** The table. A site has many cells: one listener hears them all, and what a cell says is its label alone. */
function grid(matrix) {
  const cells = new Map(matrix.cells.map((cell) => [keyOf(cell.source, cell.destination), cell]));
  const head = el("tr", {}, el("td"), ...matrix.destinations.map((name) => el("th", { scope: "col" }, name)));
  const rows = matrix.sources.map((source) => el("tr", {}, el("th", { scope: "row" }, source),
    ...matrix.destinations.map((destination) => {
      const key = keyOf(source, destination);
      return el("td", {}, button(key, cells.get(key), lastDenied(source, destination)));
    })));
  const made = el("table", { class: "matrix" }, el("thead", {}, head), el("tbody", {}, ...rows));
  made.addEventListener("keydown", byArrows);
  made.addEventListener("click", ({ target }) => target.dataset.key && chosen(matrix, cells, target.dataset.key));
  made.addEventListener("mouseover", ({ target }) => { target.title ||= target.ariaLabel ?? ""; });
  return made;
}

function button(key, cell, denied) {
  const tried = denied ? `; tried and denied at ${denied}` : "";
  const seen = cell?.seen ? `; seen at ${clock(cell.seen)}` : "";
  const label = `${key.replace(" ", " to ")}: ${cell ? told(cell) : "denied"}${seen}${tried}`;
  const made = el("button", { "data-key": key, "aria-label": label }, cell ? String((cell.rules ?? cell.openings).length) : "·");
  made.className = [cell && "allowed", cell?.seen && "seen", denied && "tried"].filter(Boolean).join(" ");
  return made;
}

function chosen(matrix, cells, key) {
  const [source, destination] = key.split(" ");
  if (matrix.of === "services") explain(source, destination, cells.get(key));
  else guard(() => go({ source, destination }));
}

const keyOf = (source, destination) => `${source} ${destination}`; // names have no spaces
const told = (cell) => (cell.rules ?? cell.openings.map((one) => `${one.allow.join(", ")} by ${one.rule} as ${one.class}`)).join("; ");
