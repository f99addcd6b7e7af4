// Elements from values. Text is always text: nothing a name contains is markup.

export const find = (id) => document.getElementById(id);

/** An element; children are elements or texts, attributes are properties where they exist. */
export function el(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else if (value !== null && value !== undefined && value !== false) made.setAttribute(key, value);
  }
  made.append(...children.map((child) => child ?? ""));
  return made;
}

/** A table of rows of texts or elements. */
export function table(heads, rows) {
  const head = el("tr", {}, ...heads.map((text) => el("th", { scope: "col" }, text)));
  const body = rows.map((row) => el("tr", {}, ...row.map((cell) => el("td", {}, cell))));
  return el("table", {}, el("thead", {}, head), el("tbody", {}, ...body));
}

/** Replaces what a place shows; keeps where it was scrolled to, and the keyboard on what has the same `data-key`. */
export function show(place, ...children) {
  const { scrollTop, scrollLeft } = place;
  const held = place.contains(document.activeElement) ? document.activeElement : null;
  place.replaceChildren(...children);
  Object.assign(place, { scrollTop, scrollLeft });
  if (!held || held === place) return;
  const same = [...place.querySelectorAll("[data-key]")].find((item) => item.dataset.key === held.dataset.key);
  (same ?? place).focus({ preventScroll: true });
}

export const good = (text) => el("span", { class: "good" }, text);
export const bad = (text) => el("span", { class: "bad" }, text);
export const weak = (text) => el("span", { class: "weak" }, text);

/** A time of day, of a time in ISO 8601. */
export const clock = (text) => new Date(text).toLocaleTimeString([], { hour12: false });
