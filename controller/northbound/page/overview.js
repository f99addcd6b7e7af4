// Where things stand: the line at the top, instances, switches, changes, events.

import { bad, clock, el, find, good, show, table, weak } from "./dom.js";

const EVENTS_SHOWN = 100;
const INSTANCES_SHOWN = 100;

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

/** Instances with what is to be plugged in, as many as there is room for. */
export function showInstances(instances) {
  const rows = instances.slice(0, INSTANCES_SHOWN).map((item) =>
    [item.name, item.service, item.host, `${item.ip}/${item.prefix_length}`, `${item.vrf} ${item.vlan}`]);
  const more = instances.length > rows.length ? `the first ${rows.length}` : "";
  show(find("own-instances"), table(["instance", "service", "host", "address", "VRF, VLAN"], rows), weak(more));
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
  const text = kind === "gap" ? "some events were missed; what is shown is read anew"
    : Object.entries(data).map(([key, value]) => `${key} ${typeof value === "object" ? JSON.stringify(value) : value}`).join(", ");
  const list = find("events");
  list.prepend(el("li", { "data-id": id }, weak(clock(at)), ` ${kind} `, weak(text)));
  while (list.childElementCount > EVENTS_SHOWN) list.lastElementChild.remove();
}
