// Changes: previewed first, then applied exactly as they were shown.

import { ask } from "./api.js";
import { bad, el, find, good, show } from "./dom.js";
import { guard } from "./messages.js";
import { reach } from "./reach.js";
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
  const { added, changed, removed } = plan.flows;
  const why = el("input", { name: "why", maxlength: "1000", size: "28", placeholder: "for the history" });
  show(
    find("preview"),
    el("p", {}, plan.changed ? `${added} entries added, ${changed} changed, ${removed} removed` : "nothing would change"),
    el("div", { id: "pairs" }, ...reach(plan.reach)),
    el("form", { id: "apply-form", onsubmit: (event) => {
      event.preventDefault();
      guard(() => apply(plan, why.value));
    } }, el("label", {}, "why ", why), el("button", { id: "apply" }, "apply")),
  );
  why.focus();
}

async function apply(plan, why) {
  const message = new URLSearchParams({ message: why });
  const done = await ask(`/v1/plans/${plan.plan}/apply?${message}`, { method: "POST" });
  const waiting = Object.entries(done.pending).map(([name, reason]) => `${name}: ${reason}`).join("; ");
  const text = `revision ${done.revision} `;
  const how = done.applied ? good("is on every switch") : bad(`is stored; waiting for ${waiting}`);
  show(find("preview"), el("p", { id: "applied" }, text, how));
}
