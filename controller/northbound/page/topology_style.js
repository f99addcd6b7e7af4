// How the picture looks, in the colours of the page.

export function style() {
  const { text, weak, line, card, good, bad, busy, mark } =
    colours("text", "weak", "line", "card", "good", "bad", "busy", "mark");
  return [
    { selector: "node", style: { label: "data(label)", "font-size": 12, color: text,
      "background-color": good, shape: "round-rectangle", width: 26, height: 18,
      "text-valign": "bottom", "text-margin-y": 3 } },
    { selector: "node[role = 'fabric']", style: { shape: "ellipse", "text-valign": "top", "text-margin-y": -4 } },
    { selector: "node[role = 'host']", style: { "background-opacity": 0, "border-width": 1,
      "border-color": line, color: weak, padding: 8 } },
    { selector: "node.ill", style: { "background-color": bad } },
    { selector: "edge", style: { width: "mapData(share, 0, 1, 2, 9)", "line-color": weak,
      "source-label": "data(label)", "source-text-offset": 45, "source-text-rotation": "autorotate", "font-size": 10,
      color: weak, "text-background-color": card, "text-background-opacity": 0.9,
      "text-background-padding": 1, "curve-style": "bezier" } },
    { selector: "edge.busy", style: { "line-color": busy, color: busy } },
    { selector: "edge.full", style: { "line-color": bad, color: bad } },
    { selector: "edge.down", style: { "line-color": bad, "line-style": "dashed" } },
    { selector: "node.path", style: { "border-width": 4, "border-color": mark } },
    { selector: "edge.path", style: { width: 6, "line-color": mark } },
  ];
}

/** What light-dark() is just now of some colours of the page: the canvas knows no other. */
function colours(...names) {
  const probe = document.createElement("span");
  document.body.append(probe);
  const found = names.map((name) => {
    probe.style.color = `var(--${name})`;
    return [name, getComputedStyle(probe).color];
  });
  probe.remove();
  return Object.fromEntries(found);
}
