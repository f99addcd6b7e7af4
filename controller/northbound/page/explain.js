// Why a packet passes, or does not.

import { ask } from "./api.js";
import { bad, el, find, good, show, weak } from "./dom.js";
import { mark } from "./topology.js";

/** Asks for a packet and shows the answer, with its path in the picture. */
export async function explain(question) {
  const form = find("explain-form");
  for (const [name, value] of Object.entries(question)) form.elements[name].value = value;
  const answer = await ask(`/v1/explain?${new URLSearchParams(question)}`);
  show(find("explanation"), verdict(answer), ...details(answer), steps(answer));
  mark(answer.allowed ? answer.path : null);
  find("path").textContent = answer.allowed
    ? `${answer.path.switches.join(" → ")} in class ${answer.class}` : "";
}

function verdict(answer) {
  const text = `${answer.from} → ${answer.to} ${answer.protocol}/${answer.port}: `;
  return el("p", { id: "verdict" }, text, answer.allowed ? good("allowed") : bad("denied"), `, ${answer.reason}`);
}

function details(answer) {
  const found = [];
  const file = answer.rule?.file;
  if (file) found.push(el("p", {}, weak(`rule ${answer.rule.name} is in ${file}:${answer.rule.line}`)));
  if (answer.needed) found.push(el("p", {}, `needed: ${said(answer.needed)}`));
  for (const near of answer.nearest ?? []) found.push(el("p", {}, weak(`nearest: ${said(near)}`)));
  const unread = (answer.unread ?? []).join(", ");
  if (unread) found.push(el("p", {}, weak(`not read, so taken to hold what they shall: ${unread}`)));
  return found;
}

const said = (value) => (typeof value === "string" ? value : JSON.stringify(value));

function steps(answer) {
  const items = answer.steps.map((step) => el("li", {}, `${step.switch} ${step.table}: ${step.purpose} `, weak(step.subject ?? "")));
  return el("details", {}, el("summary", {}, `${items.length} tables`), el("ol", {}, ...items));
}

/** Asks about two services: by an instance of each, and what a rule between them allows. */
export async function explainServices(source, destination, cell) {
  const one = async (service) => {
    const selector = encodeURIComponent(`service=${service}`);
    const [found] = await ask(`/v1/instances?limit=1&selector=${selector}`);
    if (!found) throw new Error(`${service} has no instance: there is nothing to ask about`);
    return found.name;
  };
  const others = async () => {
    const selector = encodeURIComponent(`service=${destination}`);
    return (await ask(`/v1/instances?limit=2&selector=${selector}`)).map((item) => item.name);
  };
  const from = await one(source);
  const to = source === destination ? (await others()).find((name) => name !== from) : await one(destination);
  if (!to) throw new Error(`${source} has one instance alone: it does not reach itself through the network`);
  const [protocol, port] = (cell?.openings[0].allow[0] ?? "tcp/80").split("/");
  const known = ["tcp", "udp", "icmp"].includes(protocol) ? protocol : "tcp";
  await explain({ from, to, protocol: known, port: parseInt(port, 10) || 0 });
}
