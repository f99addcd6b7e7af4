// Changes: previewed first, then applied exactly as they were shown.

import { ask } from "./api.js";
import { bad, el, find, good, show, weak } from "./dom.js";
import { guard } from "./messages.js";
import { start as startRule, withdrawn, written } from "./rule.js";

/** Makes the forms preview. */
export function start() {
  const on = (id, request) => find(id).addEventListener("submit", (event) => {
    event.preventDefault();
    const fields = Object.fromEntries(new FormData(event.target));
    guard(async () => preview(await request(fields, event.submitter)));
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
  on("rule-form", ({ name }, button) => (button?.value === "delete" ? withdrawn(name) : written(name)));
  startRule();
}

async function preview({ path, method, body, revision }) {
  const plan = await ask(`${path}?dry_run=true`, { method, body, revision });
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
