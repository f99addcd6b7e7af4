// What the page shows, as the controller tells it. What follows from the revision alone is asked for once a revision.

import { ask, Refused } from "./api.js";

const NAMES_OFFERED = 200;
const NOTHING = { revision: null };
let whole = null; // whether the token is one for the whole site; null: that is not known yet
let kept = NOTHING;

/** There is another token: it may see something else. */
export function forget() {
  whole = null;
  kept = NOTHING;
}

/** Whether all of the site is shown, or only what is of the token's tenants. */
export const isWhole = () => whole !== false;

/** All but the matrix; `site` is null where that is not shown. `intent` is the same object while the revision is. */
export async function everything() {
  const status = await ask("/v1/status"); // alone: a wrong token is shown to the controller once
  const topology = isWhole() ? await wholeTopology() : null;
  const [switches, intent] = await Promise.all([topology && ask("/v1/switches"), ofRevision(status.revision)]);
  return { status, intent, site: topology && { topology, switches } };
}

/** The topology; null for an operator of some tenants, who is refused once. */
async function wholeTopology() {
  try {
    const topology = await ask("/v1/topology");
    whole = true;
    return topology;
  } catch (error) {
    if (!(error instanceof Refused && error.status === 403)) throw error;
    forget();
    whole = false;
    return null;
  }
}

async function ofRevision(revision) {
  if (kept.revision === revision) return kept;
  const [tenants, vrfs, instances, revisions] = await Promise.all([
    ask("/v1/tenants"), ask("/v1/vrfs"), ask(`/v1/instances?limit=${NAMES_OFFERED}`),
    isWhole() ? ask("/v1/revisions?limit=30") : [],
  ]);
  kept = { revision, tenants, vrfs, instances, revisions };
  return kept;
}
