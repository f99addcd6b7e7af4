// How the picture looks, in the colours of the page.

export function style() {
  return [
    { selector: "node", style: { label: "data(label)", "font-size": 12, color: colour("--text"),
      "background-color": colour("--good"), shape: "round-rectangle", width: 26, height: 18,
      "text-valign": "bottom", "text-margin-y": 3 } },
    { selector: "node[role = 'fabric']", style: { shape: "ellipse", "text-valign": "top", "text-margin-y": -4 } },
    { selector: "node[role = 'host']", style: { "background-opacity": 0, "border-width": 1,
      "border-color": colour("--line"), color: colour("--weak"), padding: 8 } },
    { selector: "node.ill", style: { "background-color": colour("--bad") } },
    { selector: "edge", style: { width: "mapData(share, 0, 1, 2, 9)", "line-color": colour("--weak"),
      "source-label": "data(label)", "source-text-offset": 45, "source-text-rotation": "autorotate", "font-size": 10,
      color: colour("--weak"), "text-background-color": colour("--card"), "text-background-opacity": 0.9,
      "text-background-padding": 1, "curve-style": "bezier" } },
    { selector: "edge.busy", style: { "line-color": colour("--busy"), color: colour("--busy") } },
    { selector: "edge.full", style: { "line-color": colour("--bad"), color: colour("--bad") } },
    { selector: "edge.down", style: { "line-color": colour("--bad"), "line-style": "dashed" } },
    { selector: "node.path", style: { "border-width": 4, "border-color": colour("--mark") } },
    { selector: "edge.path", style: { width: 6, "line-color": colour("--mark") } },
  ];
}

/** What light-dark() is just now: the canvas knows colours alone. */
function colour(name) {
  const probe = document.createElement("span");
  probe.style.color = `var(${name})`;
  document.body.append(probe);
  const found = getComputedStyle(probe).color;
  probe.remove();
  return found;
}
