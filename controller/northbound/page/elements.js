// Hosts, switches and links as nodes and edges. Places follow from names alone, so they are the same each time.

const WIDE = 110;
const ROW = 16; // switches side by side; more make further rows
const BUSY = 0.5; // shares of a link's rate
const FULL = 0.8;

/** Switches, each edge switch in a box that is its host. */
export function nodes(topology, switches) {
  const states = new Map(switches.map((item) => [item.name, item]));
  const sorted = [...topology.switches].sort((a, b) => a.name.localeCompare(b.name, "en", { numeric: true }));
  const fabric = sorted.filter((item) => item.role === "fabric");
  const edge = sorted.filter((item) => item.role === "edge");
  const node = (row) => (item, index, all) => {
    const state = states.get(item.name);
    return {
      group: "nodes",
      data: { id: item.name, label: item.name, role: item.role, ...(item.host && { parent: boxOf(item.host) }) },
      classes: state?.connected && state?.in_sync ? "" : "ill",
      position: place(index, all.length, row),
    };
  };
  return [
    ...edge.map((item) => ({ group: "nodes", data: { id: boxOf(item.host), label: item.host, role: "host" } })),
    ...fabric.map(node(0)),
    ...edge.map(node(Math.ceil(fabric.length / ROW))),
  ];
}

const boxOf = (host) => `host ${host}`; // no switch is called so: names have no spaces

function place(index, count, row) {
  const inRow = Math.min(ROW, count);
  return { x: ((index % ROW) - (inRow - 1) / 2) * WIDE, y: (row + Math.floor(index / ROW)) * WIDE };
}

/** Links, with what they carry of what they could. */
export function edges(topology) {
  return topology.links.map(({ name, a, b, rate_mbps: rate, load, up }) => ({
    group: "edges",
    data: {
      id: name,
      source: a.switch,
      target: b.switch,
      label: load ? `${bits(rate * 1e6)} · ${percent(load.share)}` : bits(rate * 1e6),
      share: Math.min(1, load?.share ?? 0),
    },
    classes: !up ? "down" : load?.share >= FULL ? "full" : load?.share >= BUSY ? "busy" : "",
  }));
}

/** The links that carry most of what they could, for those who cannot see the picture. */
export function busiest({ links }) {
  const carrying = links.filter((link) => link.load?.share > 0).sort((a, b) => b.load.share - a.load.share);
  const told = carrying.slice(0, 3).map(({ name, load, rate_mbps: rate }) =>
    `${name} ${bits(Math.max(load.a_to_b_bps, load.b_to_a_bps))} of ${bits(rate * 1e6)} (${percent(load.share)})`);
  return told.length ? `busiest: ${told.join(", ")}` : "";
}

const percent = (share) => (share > 0 && share < 0.01 ? "<1%" : `${Math.round(share * 100)}%`);

/** A rate in bit/s as people say it: 50M, 1G, 2.5k. */
function bits(bps) {
  const [unit, name] = [[1e9, "G"], [1e6, "M"], [1e3, "k"]].find(([least]) => bps >= least) ?? [1, ""];
  return `${Number((bps / unit).toPrecision(3))}${name}`;
}
