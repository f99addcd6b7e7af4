// The line that tells what went wrong. What the reader did and what came by itself are told apart: news do not
// wipe away why something was refused.

import { Refused } from "./api.js";
import { find } from "./dom.js";

/** Runs what the reader has asked for, and tells why it failed. */
export async function guard(work) {
  clear();
  try {
    await work();
  } catch (error) {
    tell(told(error));
  }
}

/** Shows a text until the reader does something else. */
export function tell(text, from = "reader") {
  const message = find("message");
  message.textContent = text;
  message.dataset.from = from;
  message.hidden = false;
}

/** Hides what was told; `from` alone, where it is named. */
export function clear(from) {
  const message = find("message");
  if (from === undefined || message.dataset.from === from) message.hidden = true;
}

/** An error in the words of this page. */
export const told = (error) =>
  (error instanceof Refused && error.status === 401 ? `${error.message}: put it in above` : error.message);
