// Where things stand: the line at the top, tenants, switches, changes, events.

import { bad, clock, el, find, good, show, table, weak } from "./dom.js";

const EVENTS_SHOWN = 100;

/** Whether every switch holds the newest revision, and what is proved. */
export function showStatus(status) {
  const { switches, objects, proof } = status;
  const held = proof.change ?? proof.whole;
  show(
    find("standing"),
    status.ready ? good("ready") : bad(status.reason),
    ` · revision ${status.revision} · ${switches.in_sync} of ${switches.declared} switches in sync · `,
    `${objects.services} services, ${objects.instances} instances · `,
    held ? (held.holds ? good("proved") : bad(`proof fails: ${held.faults} faults`)) : weak("not proved yet"),
    held ? weak(` ${clock(held.at)}`) : "",
  );
}

export function showTenants(tenants, vrfs) {
  const order = new Map(vrfs.map((item, index) => [item.name, index]));
  const sorted = [...tenants].sort((a, b) => order.get(a.vrf) - order.get(b.vrf) || a.vlan - b.vlan || a.name.localeCompare(b.name));
  show(find("tenants"), table(["VRF", "VLAN", "tenant"], sorted.map((item) => [item.vrf, String(item.vlan), item.name])));
}

export function showSwitches(switches, status) {
  const whole = status.proof.whole;
  const rows = switches.map((item) => [
    item.name,
    item.connected && item.in_sync ? good("in sync") : bad(item.problem ?? "not in sync"),
    String(item.entries),
    `revision ${item.revision}`,
  ]);
  const proof = whole ? `all proved ${clock(whole.at)}: ${whole.holds ? "holds" : "fails"}` : "not proved as a whole yet";
  show(find("switches"), table(["switch", "program", "entries", "holds"], rows), weak(proof));
}

export function showRevisions(revisions) {
  const rows = revisions.map((item) => [String(item.revision), el("time", {}, clock(item.created_at)), item.author, item.message]);
  show(find("revisions"), table(["", "when", "who", "why"], rows));
}

/** One more event, above those before. */
export function showEvent({ id, kind, data: { at, ...data } }) {
  const text = Object.entries(data).map(([key, value]) => `${key} ${typeof value === "object" ? JSON.stringify(value) : value}`).join(", ");
  const list = find("events");
  list.prepend(el("li", { "data-id": id }, weak(clock(at)), ` ${kind} `, weak(text)));
  while (list.childElementCount > EVENTS_SHOWN) list.lastElementChild.remove();
}
