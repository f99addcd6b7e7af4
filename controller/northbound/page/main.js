// What an operator wants to see first, kept up to date by the controller's events.

import { ask, useToken } from "./api.js";
import { start as startChanges } from "./change.js";
import { denied, start as startDenied } from "./denied.js";
import { el, find, show } from "./dom.js";
import { explain, explainServices } from "./explain.js";
import { live, restart } from "./live.js";
import { draw as drawMatrix, start as startMatrix } from "./matrix.js";
import { guard } from "./messages.js";
import { showEvent, showRevisions, showStatus, showSwitches, showTenants } from "./overview.js";
import { draw as drawTopology } from "./topology.js";

const NAMES_OFFERED = 1000;
let states = []; // of switches, as they came last

async function draw() {
  const status = await ask("/v1/status"); // alone: a wrong token is shown to the controller once
  const [topology, switches, tenants, revisions, vrfs, instances] = await Promise.all([
    ask("/v1/topology"), ask("/v1/switches"), ask("/v1/tenants"),
    ask("/v1/revisions?limit=30"), ask("/v1/vrfs"), ask(`/v1/instances?limit=${NAMES_OFFERED}`),
  ]);
  states = switches;
  showStatus(status);
  drawTopology(topology, switches);
  showTenants(tenants, vrfs);
  showSwitches(switches, status);
  showRevisions(revisions);
  offer("instances", instances.map((item) => item.name));
  offer("tenant-names", tenants.map((item) => item.name));
  choices("move-tenant-form", "vrf", vrfs.map((item) => item.name));
  choices("move-instance-form", "host", topology.hosts);
  await drawMatrix();
}

/** What links carry is no event: it is asked for now and then, while somebody looks. */
async function drawLoads() {
  if (!document.hidden) drawTopology(await ask("/v1/topology"), states);
}

function offer(id, names) {
  show(find(id), ...names.map((name) => el("option", { value: name })));
}

function choices(form, name, values) {
  const select = find(form).elements[name];
  if ([...select.options].map((item) => item.value).join() === values.join()) return;
  const chosen = select.value;
  show(select, ...values.map((value) => el("option", { value }, value)));
  if (values.includes(chosen)) select.value = chosen;
}

find("token-form").addEventListener("submit", (event) => {
  event.preventDefault();
  useToken(find("token").value);
  find("token").value = "";
  restart();
});
find("explain-form").addEventListener("submit", (event) => {
  event.preventDefault();
  guard(() => explain(Object.fromEntries(new FormData(event.target))));
});
startMatrix((source, destination, cell) => guard(() => explainServices(source, destination, cell)));
startDenied((question) => guard(() => explain(question)));
startChanges();
live(draw, drawLoads, (event) => {
  showEvent(event);
  if (event.kind === "denied") denied(event);
});
