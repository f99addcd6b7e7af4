// Who may reach whom: tenants first; a cell leads to the services of the two.

import { ask } from "./api.js";
import { el, find, show } from "./dom.js";

let pair = null;

/** Draws the matrix where the reader is; `choose(source, destination, cell)` is told of a service pair. */
export async function draw(choose) {
  const match = find("matrix-match").value.trim();
  const matrix = await ask(`/v1/matrix?${new URLSearchParams({ ...pair, match })}`);
  const cells = new Map(matrix.cells.map((cell) => [`${cell.source} ${cell.destination}`, cell]));
  const pick = (source, destination, cell) => {
    if (matrix.of === "services") return choose(source, destination, cell);
    pair = { source, destination };
    return draw(choose);
  };
  find("matrix-match").onchange = () => draw(choose);
  place(choose, matrix);
  show(find("matrix"), grid(matrix, cells, pick));
}

function place(choose, { sources, total }) {
  const back = () => {
    pair = null;
    draw(choose);
  };
  const shown = pair
    ? [el("button", { id: "matrix-back", onclick: back }, "all tenants"), ` services of ${pair.source} to those of ${pair.destination}; choose a pair to have it explained`]
    : ["tenants, from the left to the top; a number says how many rules open something"];
  const part = sources.length < total.sources ? ` (${sources.length} of ${total.sources} shown: look for a name)` : "";
  show(find("matrix-place"), ...shown, part);
}

function grid(matrix, cells, pick) {
  const head = el("tr", {}, el("td"), ...matrix.destinations.map((name) => el("th", { scope: "col" }, name)));
  const rows = matrix.sources.map((source) =>
    el("tr", {}, el("th", { scope: "row" }, source), ...matrix.destinations.map((destination) => {
      const cell = cells.get(`${source} ${destination}`);
      const what = cell ? told(cell) : "denied";
      const title = `${source} to ${destination}: ${what}`;
      const text = cell ? String((cell.rules ?? cell.openings).length) : "·";
      const go = () => pick(source, destination, cell);
      return el("td", {}, el("button", { class: cell && "allowed", title, "aria-label": title, onclick: go }, text));
    })));
  const made = el("table", { class: "matrix" }, el("thead", {}, head), el("tbody", {}, ...rows));
  made.addEventListener("keydown", arrows);
  return made;
}

const told = (cell) => (cell.rules ?? cell.openings.map((one) => `${one.allow.join(", ")} by ${one.rule} as ${one.class}`)).join("; ");

/** Arrow keys go from cell to cell. */
function arrows(event) {
  const steps = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };
  const step = steps[event.key];
  const cell = event.target.closest("td");
  if (!step || !cell) return;
  const row = cell.parentElement;
  const rows = [...row.parentElement.rows];
  const next = rows[rows.indexOf(row) + step[0]]?.cells[cell.cellIndex + step[1]]?.querySelector("button");
  if (next) {
    next.focus();
    event.preventDefault();
  }
}
