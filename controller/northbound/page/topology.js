// The picture of switches and links. Places follow from names alone, so it looks the same each time.

import { find } from "./dom.js";

const WIDE = 110;
const ROW = 16; // switches side by side; more make further rows
let graph = null;
let marked = null;

/** Draws what is declared, with what is seen of it. */
export function draw(topology, switches) {
  const states = new Map(switches.map((item) => [item.name, item]));
  const elements = [...nodes(topology, states), ...edges(topology)];
  if (graph === null) {
    graph = cytoscape({
      container: find("topology"),
      elements,
      layout: { name: "preset", fit: true, padding: 20 },
      style: style(),
      minZoom: 0.1,
      maxZoom: 3,
      autoungrabify: true,
      boxSelectionEnabled: false,
    });
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => graph.style(style()));
  } else {
    graph.json({ elements });
  }
  mark(marked);
  tell();
}

/** Marks a path, none without one. */
export function mark(path) {
  marked = path;
  if (graph === null) return;
  graph.elements().removeClass("path");
  if (!path) return;
  for (const name of [...path.switches, ...path.links]) graph.getElementById(name).addClass("path");
  tell();
}

/** What the canvas shows, for those who cannot look at it. */
function tell() {
  const place = find("topology");
  place.dataset.nodes = graph.nodes().length;
  place.dataset.links = graph.edges().length;
  place.dataset.path = graph.elements(".path").map((item) => item.id()).sort().join(" ");
  const at = (node) => Object.values(node.renderedPosition()).map(Math.round).join(",");
  place.dataset.places = graph.nodes().map((node) => `${node.id()}:${at(node)}`).join(" ");
}

function nodes(topology, states) {
  const rows = { fabric: 0, edge: 0 };
  const sorted = [...topology.switches].sort((a, b) => a.name.localeCompare(b.name, "en", { numeric: true }));
  const fabricRows = Math.ceil(sorted.filter((item) => item.role === "fabric").length / ROW);
  return sorted.map((item) => {
    const index = rows[item.role]++;
    const row = Math.floor(index / ROW) + (item.role === "edge" ? fabricRows : 0);
    const count = sorted.filter((other) => other.role === item.role).length;
    const inRow = Math.min(ROW, count);
    const state = states.get(item.name);
    const well = state?.connected && state?.in_sync;
    return {
      group: "nodes",
      data: { id: item.name, label: item.host ? `${item.name}\n${item.host}` : item.name, role: item.role },
      classes: well ? "" : "ill",
      position: { x: ((index % ROW) - (inRow - 1) / 2) * WIDE, y: row * WIDE },
    };
  });
}

function edges(topology) {
  return topology.links.map((link) => ({
    group: "edges",
    data: { id: link.name, source: link.a.switch, target: link.b.switch, label: rate(link.rate_mbps) },
    classes: link.up ? "" : "down",
  }));
}

const rate = (mbps) => (mbps >= 1000 ? `${mbps / 1000}G` : `${mbps}M`);

function style() {
  const value = (name) => colour(getComputedStyle(document.body), name);
  return [
    { selector: "node", style: { label: "data(label)", "text-wrap": "wrap", "font-size": 13, color: value("--text"),
      "background-color": value("--good"), shape: "round-rectangle", width: 26, height: 18,
      "text-valign": "bottom", "text-margin-y": 4 } },
    { selector: "node[role = 'fabric']", style: { shape: "ellipse", "text-valign": "top", "text-margin-y": -4 } },
    { selector: "node.ill", style: { "background-color": value("--bad") } },
    { selector: "edge", style: { width: 2, "line-color": value("--weak"), label: "data(label)", "font-size": 10,
      color: value("--weak"), "text-rotation": "autorotate", "text-margin-y": -7, "curve-style": "bezier" } },
    { selector: "edge.down", style: { "line-color": value("--bad"), "line-style": "dashed" } },
    { selector: "node.path", style: { "border-width": 4, "border-color": value("--mark") } },
    { selector: "edge.path", style: { width: 6, "line-color": value("--mark") } },
  ];
}

/** What light-dark() is just now: the canvas knows colours alone. */
function colour(style, name) {
  const probe = document.createElement("span");
  probe.style.color = `var(${name})`;
  document.body.append(probe);
  const found = getComputedStyle(probe).color;
  probe.remove();
  return found;
}
