// Tenants by VRF and VLAN: how many there are, and so many of them as a reader takes in.

import { find, show as put, table } from "./dom.js";

const SHOWN = 50;
let sorted = [];

export function start() {
  find("tenants-match").addEventListener("input", draw);
}

/** Shows these tenants, by the order of these VRFs. */
export function show(tenants, vrfs) {
  const order = new Map(vrfs.map((item, index) => [item.name, index]));
  sorted = [...tenants].sort((a, b) => order.get(a.vrf) - order.get(b.vrf) || a.vlan - b.vlan || (a.name < b.name ? -1 : 1));
  const counts = vrfs.map(({ name }) => count(name, sorted.filter((item) => item.vrf === name))).filter(Boolean);
  find("tenants-count").textContent = counts.join("; ");
  draw();
}

function count(vrf, tenants) {
  const vlans = new Set(tenants.map((item) => item.vlan)).size;
  return tenants.length ? `${vrf}: ${tenants.length} in ${vlans} ${vlans === 1 ? "VLAN" : "VLANs"}` : "";
}

function draw() {
  const match = find("tenants-match").value.trim();
  const found = sorted.filter((item) => item.name.includes(match));
  const rows = found.slice(0, SHOWN).map((item) => [item.vrf, String(item.vlan), item.name]);
  const part = rows.length < found.length ? `${rows.length} of ${found.length} shown: look for a name` : "";
  put(find("tenants"), table(["VRF", "VLAN", "tenant"], rows), part);
}
