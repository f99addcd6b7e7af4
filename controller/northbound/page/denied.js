// Who was denied whom, as switches have seen it: a table, and marks in the matrix.

import { clock, el, find, show, table, weak } from "./dom.js";

const SHOWN = 100;
const ASKED = ["tcp", "udp", "icmp"];
const denials = new Map(); // the last of each pair of instances; the newest last
const marks = new Map(); // when it was, by pair of tenants and by pair of services
let explain = null;

/** `choose(question)` is told of a denial that the reader wants explained. */
export function start(choose) {
  explain = choose;
}

/** Takes one `denied` event. */
export function denied({ data }) {
  const pair = `${data.source} ${data.destination}`;
  denials.delete(pair);
  denials.set(pair, data);
  if (denials.size > SHOWN) denials.delete(denials.keys().next().value);
  for (const ends of [data.tenants, data.services]) marks.set(ends.join(" "), clock(data.at));
  draw();
}

/** When something between two tenants or services was last denied, as text; undefined if never. */
export const lastDenied = (source, destination) => marks.get(`${source} ${destination}`);

/** All of that, to see whether there is another. */
export const marked = () => [...marks];

function draw() {
  const rows = [...denials.values()].reverse().map((one) => [
    weak(clock(one.at)), `${one.source} → ${one.destination}`,
    one.port === null ? one.protocol : `${one.protocol}/${one.port}`, one.why, button(one),
  ]);
  show(find("denied"), table(["when", "who", "what", "why", ""], rows));
}

/** Explains it, where both ends are instances: of others there is nothing to explain. */
function button({ source, destination, services, protocol, port }) {
  if (services.includes(null) || !ASKED.includes(protocol)) return "";
  const question = { from: source, to: destination, protocol, port: port ?? 0 };
  const label = `explain ${source} to ${destination}`;
  return el("button", { "aria-label": label, "data-key": label, onclick: () => explain(question) }, "?");
}
