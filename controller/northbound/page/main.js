// What an operator wants to see first, kept up to date by the controller's events.

import { ask, follow, Refused, useToken } from "./api.js";
import { start as startChanges } from "./change.js";
import { bad, el, find, good, show, table, weak } from "./dom.js";
import { explain, explainServices } from "./explain.js";
import { draw as drawMatrix } from "./matrix.js";
import { draw as drawTopology } from "./topology.js";

const EVENTS_SHOWN = 100;
const NAMES_OFFERED = 1000;
const QUIET_MS = 150; // events come in bursts
const AGAIN_MS = 2000;
let last = 0;
let timer = null;

/** Runs what may fail, and tells why it did. */
async function guard(work) {
  const message = find("message");
  try {
    await work();
    message.hidden = true;
  } catch (error) {
    const token = error instanceof Refused && error.status === 401;
    message.textContent = token ? `${error.message}: put it in above` : error.message;
    message.hidden = false;
    if (token) find("token").focus();
  }
}

async function refresh() {
  const [status, topology, switches, tenants, revisions, vrfs, instances] = await Promise.all([
    ask("/v1/status"), ask("/v1/topology"), ask("/v1/switches"), ask("/v1/tenants"),
    ask("/v1/revisions?limit=30"), ask("/v1/vrfs"), ask(`/v1/instances?limit=${NAMES_OFFERED}`),
  ]);
  showStatus(status);
  drawTopology(topology, switches);
  showTenants(tenants, vrfs);
  showSwitches(switches, status);
  showRevisions(revisions);
  offer("instances", instances.map((item) => item.name));
  offer("tenant-names", tenants.map((item) => item.name));
  choices("move-tenant-form", "vrf", vrfs.map((item) => item.name));
  choices("move-instance-form", "host", topology.hosts);
  await drawMatrix((source, destination, cell) => guard(() => explainServices(source, destination, cell)));
}

function showStatus(status) {
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

function showTenants(tenants, vrfs) {
  const order = new Map(vrfs.map((item, index) => [item.name, index]));
  const sorted = [...tenants].sort((a, b) => order.get(a.vrf) - order.get(b.vrf) || a.vlan - b.vlan || a.name.localeCompare(b.name));
  show(find("tenants"), table(["VRF", "VLAN", "tenant"], sorted.map((item) => [item.vrf, String(item.vlan), item.name])));
}

function showSwitches(switches, status) {
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

function showRevisions(revisions) {
  const rows = revisions.map((item) => [String(item.revision), el("time", {}, clock(item.created_at)), item.author, item.message]);
  show(find("revisions"), table(["", "when", "who", "why"], rows));
}

const clock = (text) => new Date(text).toLocaleTimeString([], { hour12: false });

function offer(id, names) {
  show(find(id), ...names.map((name) => el("option", { value: name })));
}

function choices(form, name, values) {
  const select = find(form).elements[name];
  if ([...select.options].map((item) => item.value).join() === values.join()) return;
  show(select, ...values.map((value) => el("option", { value }, value)));
}

function tell(event) {
  last = event.id;
  const { at, ...data } = event.data;
  const text = Object.entries(data).map(([key, value]) => `${key} ${typeof value === "object" ? JSON.stringify(value) : value}`).join(", ");
  const list = find("events");
  list.prepend(el("li", { "data-id": event.id }, weak(clock(at)), ` ${event.kind} `, weak(text)));
  while (list.childElementCount > EVENTS_SHOWN) list.lastElementChild.remove();
  clearTimeout(timer);
  timer = setTimeout(() => guard(refresh), QUIET_MS);
}

async function live() {
  for (;;) {
    await guard(async () => {
      await refresh();
      await follow(last, tell);
    });
    show(find("standing"), bad("the controller does not answer; it is asked again"));
    await new Promise((done) => setTimeout(done, AGAIN_MS));
  }
}

find("token-form").addEventListener("submit", (event) => {
  event.preventDefault();
  useToken(find("token").value);
  find("token").value = "";
  guard(refresh);
});
find("explain-form").addEventListener("submit", (event) => {
  event.preventDefault();
  guard(() => explain(Object.fromEntries(new FormData(event.target))));
});
startChanges(guard);
live();
