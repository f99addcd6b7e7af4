// The form of a rule: shows what the rule has, and changes what the reader changes in it, nothing else.

import { read, Refused } from "./api.js";
import { find, show, weak } from "./dom.js";
import { guard } from "./messages.js";

const FIELDS = ["from", "to", "allow"];
const ABSENT = { value: null, revision: null };
let shown = { name: "" }; // the rule that was read last, and the texts it was shown as

export function start() {
  field("name").addEventListener("change", () => guard(() => field("name").value && fill(field("name").value)));
}

/** The request that makes of a rule what the form says; keys that the form does not have stay. */
export async function written(name) {
  if (shown.name !== name) await fill(name);
  const rule = await found(name); // as it is now, which is what the write is made against
  const keys = rule.value ? FIELDS.filter(isTyped) : FIELDS;
  const said = Object.fromEntries(keys.map((key) => [key, value(key)]));
  return { path: path(name), method: "PUT", body: { ...rule.value, ...said }, revision: rule.revision };
}

/** The request that withdraws a rule. */
export const withdrawn = (name) => ({ path: path(name), method: "DELETE" });

/** Reads a rule and shows it in the fields, but for those that the reader has filled. */
async function fill(name) {
  const { value: rule } = await found(name);
  if (field("name").value !== name) return; // another one was named meanwhile
  const texts = Object.fromEntries(FIELDS.map((key) => [key, rule ? text(rule[key]) : ""]));
  if (rule) {
    const free = FIELDS.filter((key) => !isTyped(key) || field(key).value.trim() === "");
    for (const key of free) field(key).value = texts[key];
  }
  shown = { name, ...texts };
  show(find("rule-has"), weak(rule ? others(rule) : "a new rule"));
}

function others({ name: _name, from: _from, to: _to, allow: _allow, ...kept }) {
  const items = Object.entries(kept).map(([key, item]) => `${key} ${item}`);
  return items.length ? `keeps ${items.join(", ")}` : "";
}

async function found(name) {
  try {
    return await read(path(name));
  } catch (error) {
    if (error instanceof Refused && error.status === 404) return ABSENT;
    throw error;
  }
}

const path = (name) => `/v1/rules/${encodeURIComponent(name)}`;
const field = (key) => find("rule-form").elements[key];
const isTyped = (key) => field(key).value.trim() !== (shown[key] ?? "");

/** `tcp/8080, icmp` as a list, `tier=web, env=a|b` as a selector, and both back. */
const list = (said) => said.split(",").map((item) => item.trim()).filter(Boolean);
const selector = (said) => Object.fromEntries(list(said).map((item) => {
  const [key, ...rest] = item.split("=");
  const values = rest.join("=").split("|").map((one) => one.trim());
  return [key.trim(), values.length > 1 ? values : values[0]];
}));
const value = (key) => (key === "allow" ? list : selector)(field(key).value);
const text = (had) => (Array.isArray(had) ? had
  : Object.entries(had).map(([key, item]) => `${key}=${[item].flat().join("|")}`)).join(", ");
