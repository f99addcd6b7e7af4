// Who would lose and gain reach, in groups: what is lost first, as nobody gets it back unnoticed.

import { bad, el, good, weak } from "./dom.js";

const KINDS = [["lost", bad], ["gained", good], ["changed", weak]];
const GROUPS_SHOWN = 20; // of each kind
const NAMES_SHOWN = 5;

/** What a plan says of reach, each kind with so many of its groups and how many pairs there are beyond. */
export function reach(kinds) {
  const found = KINDS.filter(([kind]) => kinds[kind].pairs > 0);
  if (found.length === 0) return [weak("no pair of services gains or loses reach")];
  return found.flatMap(([kind, mark]) => {
    const { pairs, groups } = kinds[kind];
    const head = el("p", {}, mark(kind), `: ${counted(pairs)} of services`);
    return [head, el("ul", { "data-kind": kind }, ...items(groups, pairs))];
  });
}

function items(groups, pairs) {
  const shown = groups.slice(0, GROUPS_SHOWN);
  const told = shown.map((group) => el("li", {}, text(group), " ", weak(how(group))));
  const more = pairs - shown.reduce((sum, group) => sum + pairsOf(group), 0);
  return more > 0 ? [...told, el("li", {}, weak(`and ${more} more`))] : told;
}

const text = ({ sources, destinations, allow }) => `${names(sources)} → ${names(destinations)} ${allow.join(", ")}`;

function how(group) {
  const { rule, class: now, class_before: before, dscp } = group;
  const parts = [`by ${rule}`, before ? `class ${before} → ${now}` : `as ${now}`];
  if (dscp !== null) parts.push(`of DSCP ${dscp}`);
  if (pairsOf(group) > 1) parts.push(`(${counted(pairsOf(group))})`);
  return parts.join(" ");
}

function names(all) {
  const shown = all.slice(0, NAMES_SHOWN).join(", ");
  return all.length > NAMES_SHOWN ? `${shown} and ${all.length - NAMES_SHOWN} more` : shown;
}

const pairsOf = ({ sources, destinations }) => sources.length * destinations.length;
const counted = (pairs) => (pairs === 1 ? "1 pair" : `${pairs} pairs`);
