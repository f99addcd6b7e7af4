// Changes: previewed first, then applied exactly as they were shown.

import { ask } from "./api.js";
import { bad, el, find, good, show, weak } from "./dom.js";

/** Makes the forms preview; `guard` runs what may fail and shows why. */
export function start(guard) {
  const on = (id, request) => find(id).addEventListener("submit", (event) => {
    event.preventDefault();
    guard(() => preview(request(Object.fromEntries(new FormData(event.target)), event.submitter), guard));
  });
  on("move-tenant-form", ({ name, vrf, vlan }) => ({
    path: `/v1/tenants/${encodeURIComponent(name)}/move`,
    method: "POST",
    body: { vrf, vlan: vlan === "auto" ? vlan : Number(vlan) },
  }));
  on("move-instance-form", ({ name, host }) => ({
    path: `/v1/instances/${encodeURIComponent(name)}/move`,
    method: "POST",
    body: { host },
  }));
  on("rule-form", ({ name, from, to, allow }, button) => ({
    path: `/v1/rules/${encodeURIComponent(name)}`,
    method: button?.value === "delete" ? "DELETE" : "PUT",
    body: button?.value === "delete" ? undefined : { from: labels(from), to: labels(to), allow: list(allow) },
  }));
}

async function preview({ path, method, body }, guard) {
  const plan = await ask(`${path}?dry_run=true`, { method, body });
  const pairs = plan.pairs.slice(0, 50).map((text) => el("li", {}, text));
  const more = plan.pairs.length - pairs.length;
  if (more > 0) pairs.push(el("li", {}, weak(`and ${more} more`)));
  const { added, changed, removed } = plan.flows;
  const button = el("button", { id: "apply", onclick: () => guard(() => apply(plan)) }, "apply");
  show(
    find("preview"),
    el("p", {}, plan.changed ? `${added} entries added, ${changed} changed, ${removed} removed` : "nothing would change"),
    pairs.length ? el("ul", { id: "pairs" }, ...pairs) : weak("no pair of services gains or loses reach"),
    el("p", {}, button),
  );
  button.focus();
}

async function apply(plan) {
  const done = await ask(`/v1/plans/${plan.plan}/apply`, { method: "POST" });
  const waiting = Object.entries(done.pending).map(([name, why]) => `${name}: ${why}`).join("; ");
  const text = `revision ${done.revision} `;
  const how = done.applied ? good("is on every switch") : bad(`is stored; waiting for ${waiting}`);
  show(find("preview"), el("p", { id: "applied" }, text, how));
}

const list = (text) => text.split(",").map((item) => item.trim()).filter(Boolean);
const labels = (text) => Object.fromEntries(list(text).map((item) => {
  const [key, ...value] = item.split("=");
  return [key.trim(), value.join("=").trim()];
}));
