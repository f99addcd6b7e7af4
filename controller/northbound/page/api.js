// The REST API as this page asks it. The token stays in this tab.

const KEY = "bulkhead-token";

export const useToken = (text) => sessionStorage.setItem(KEY, text);

/** What a refused request says, with every problem. */
export class Refused extends Error {
  constructor(status, document) {
    const errors = (document.errors ?? []).map((item) => `${item.path}: ${item.message}`);
    super([document.detail ?? `HTTP ${status}`, ...(errors.length > 1 ? errors : [])].join("\n"));
    this.status = status;
  }
}

/** The JSON of an answer. Throws Refused, and TypeError while nobody answers. */
export async function ask(path, { method = "GET", body, signal } = {}) {
  const response = await send(path, { method, body, signal });
  return response.json();
}

/** Calls `tell` with each event as it comes; returns when the controller ends the stream. */
export async function follow(after, tell) {
  const response = await send(`/v1/events?after=${after}`, { method: "GET" });
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    text += value;
    const parts = text.split("\n\n");
    text = parts.pop();
    for (const part of parts) {
      const event = parse(part);
      if (event.id) tell(event);
    }
  }
}

async function send(path, { method, body, signal }) {
  const token = sessionStorage.getItem(KEY);
  const headers = token ? { Authorization: `Bearer ${token}` } : {};
  if (method !== "GET") headers["Idempotency-Key"] = crypto.randomUUID?.() ?? `${Math.random()}`;
  const sent = body === undefined ? undefined : JSON.stringify(body);
  const response = await fetch(path, { method, headers, body: sent, signal });
  if (response.ok) return response;
  throw new Refused(response.status, await response.json().catch(() => ({})));
}

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
