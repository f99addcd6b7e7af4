// The REST API as this page asks it. The token stays in this tab.

const KEY = "bulkhead-token";

export const useToken = (text) => sessionStorage.setItem(KEY, text);

/** What a refused request says, with every problem; `retryAfter` in seconds, 0 where nothing is said. */
export class Refused extends Error {
  constructor(status, document, retryAfter = 0) {
    const errors = (document.errors ?? []).map((item) => `${item.path}: ${item.message}`);
    super([document.detail ?? `HTTP ${status}`, ...(errors.length > 1 ? errors : [])].join("\n"));
    this.status = status;
    this.retryAfter = retryAfter;
  }
}

/** Nobody answers, or not to the end. */
export class Unanswered extends Error {
  constructor() {
    super("the controller does not answer");
  }
}

/** The JSON of an answer. Throws Refused, and Unanswered. */
export async function ask(path, { method = "GET", body, revision } = {}) {
  const response = await send(path, { method, body, revision });
  return heard(response.json());
}

/** The JSON of an answer and the revision it was true in. */
export async function read(path) {
  const response = await send(path, { method: "GET" });
  return { value: await heard(response.json()), revision: response.headers.get("ETag") };
}

/** Calls `tell` with each event as it comes; returns when the controller ends the stream, throws when `signal` does. */
export async function follow(after, tell, signal) {
  const response = await send(`/v1/events?after=${after}`, { method: "GET", signal });
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  for (;;) {
    const { done, value } = await heard(reader.read());
    if (done) return;
    text += value;
    const parts = text.split("\n\n");
    text = parts.pop();
    for (const part of parts) {
      const event = parse(part);
      if (event.kind) tell(event);
    }
  }
}

async function send(path, { method, body, revision, signal }) {
  const token = sessionStorage.getItem(KEY);
  const headers = token ? { Authorization: `Bearer ${token}` } : {};
  if (method !== "GET") headers["Idempotency-Key"] = crypto.randomUUID?.() ?? `${Math.random()}`;
  if (revision) headers["If-Match"] = revision;
  const sent = body === undefined ? undefined : JSON.stringify(body);
  // no-store: a browser would take the answer of another token, or of another site's revision 1, for this one
  const response = await heard(fetch(path, { method, headers, body: sent, signal, cache: "no-store" }));
  if (response.ok) return response;
  const retryAfter = Number(response.headers.get("Retry-After")) || 0;
  throw new Refused(response.status, await response.json().catch(() => ({})), retryAfter);
}

/** What comes over the network; what breaks there is told apart from faults of this page. */
const heard = (coming) => coming.catch((error) => {
  throw error.name === "AbortError" ? error : new Unanswered();
});

function parse(part) {
  const event = {};
  for (const line of part.split("\n")) {
    const [, key, value] = /^(\w+): ?(.*)$/.exec(line) ?? [];
    if (key === "id") event.id = Number(value);
    if (key === "event") event.kind = value;
    if (key === "data") event.data = JSON.parse(value);
  }
  return event;
}
