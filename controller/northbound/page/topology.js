// The picture of hosts, switches and links.

import { find } from "./dom.js";
import { busiest, edges, nodes } from "./elements.js";
import { style } from "./topology_style.js";

let graph = null;
let marked = null;

/** Draws what is declared, with what is seen of it. */
export function draw(topology, switches) {
  const elements = [...nodes(topology, switches), ...edges(topology)];
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
  find("busiest").textContent = busiest(topology);
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
  place.dataset.nodes = graph.nodes("[role != 'host']").length;
  place.dataset.hosts = graph.nodes("[role = 'host']").length;
  place.dataset.links = graph.edges().length;
  place.dataset.labels = graph.edges().map((item) => `${item.id()}: ${item.data("label")}`).join("; ");
  place.dataset.path = graph.elements(".path").map((item) => item.id()).sort().join(" ");
  const at = (node) => Object.values(node.renderedPosition()).map(Math.round).join(",");
  place.dataset.places = graph.nodes().map((node) => `${node.id()}:${at(node)}`).join(" ");
}
