// What an operator wants to see first, kept up to date by the controller's events.

import { ask, useToken } from "./api.js";
import { everything, forget, isWhole } from "./asked.js";
import { start as startChanges } from "./change.js";
import { denied, start as startDenied } from "./denied.js";
import { el, find, show } from "./dom.js";
import { drawing } from "./drawing.js";
import { explain, explainServices } from "./explain.js";
import { live, restart } from "./live.js";
import { draw as drawMatrix, start as startMatrix } from "./matrix.js";
import { guard } from "./messages.js";
import { showEvent, showInstances, showRevisions, showStatus, showSwitches } from "./overview.js";
import { show as showTenants, start as startTenants } from "./tenants.js";
import { draw as drawTopology } from "./topology.js";

let states = []; // of switches, as they came last
let drawn = null; // of the intent

async function draw() {
  const { status, intent, site } = await everything();
  drawing(() => {
    document.body.classList.toggle("own", !isWhole());
    showStatus(status);
    if (site) drawSite(site, status);
    if (intent !== drawn) drawIntent(intent, site?.topology.hosts);
    drawn = intent;
  });
  if (site) await drawMatrix();
}

function drawSite({ topology, switches }, status) {
  states = switches;
  drawTopology(topology, switches);
  showSwitches(switches, status);
}

function drawIntent({ tenants, vrfs, instances, revisions }, hosts) {
  showTenants(tenants, vrfs);
  showInstances(instances);
  showRevisions(revisions);
  offer("instances", instances.map((item) => item.name));
  offer("tenant-names", tenants.map((item) => item.name));
  offer("hosts", hosts ?? [...new Set(instances.map((item) => item.host))].sort());
  choices("move-tenant-form", "vrf", vrfs.map((item) => item.name));
}

/** What links carry, and what is seen to pass, is no event: it is asked for now and then, while somebody looks. */
async function drawLoads() {
  if (document.hidden) return;
  drawTopology(await ask("/v1/topology"), states);
  await drawMatrix();
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
  forget();
  restart();
});
find("explain-form").addEventListener("submit", (event) => {
  event.preventDefault();
  guard(() => explain(Object.fromEntries(new FormData(event.target))));
});
startMatrix((source, destination, cell) => guard(() => explainServices(source, destination, cell)));
startDenied((question) => guard(() => explain(question)));
startTenants();
startChanges();
live(draw, { follows: isWhole, loads: drawLoads }, (event) => {
  showEvent(event);
  if (event.kind === "denied") denied(event);
});
