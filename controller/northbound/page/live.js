// The connection to the controller: what is shown is asked for, then kept up to date by events.

import { follow, Refused, Unanswered } from "./api.js";
import { bad, find, show } from "./dom.js";
import { clear, tell, told } from "./messages.js";
import { Refresher } from "./refresher.js";

const AGAIN_MS = 2000;
const LOADS_MS = 5000; // Open vSwitch counts no more often
const NEWS = "controller";
let session = new AbortController();
let entered = () => {};

/** Goes on for ever: `draw()` asks for everything and shows it, `loads()` what is no event, `event(event)` shows one.
 *  Where the token does not let the page follow events, `draw` is called now and then. */
export async function live(draw, { follows, loads }, event) {
  let last = 0;
  const failed = (error) => session.abort(error);
  const refresher = new Refresher(draw, failed);
  const regular = new Refresher(loads, failed);
  const heard = (one) => {
    last = one.id;
    event(one);
    refresher.soon();
  };
  for (;;) {
    session = new AbortController();
    let timer = null;
    let ended = new Unanswered();
    try {
      await refresher.now();
      clear(NEWS);
      timer = setInterval(() => (follows() ? regular : refresher).soon(), LOADS_MS);
      await (follows() ? follow(last, heard, session.signal) : end(session.signal));
    } catch (error) {
      ended = session.signal.reason ?? error;
    }
    clearInterval(timer);
    await recover(ended);
  }
}

/** Waits until a session is ended, and throws why. */
const end = (signal) => new Promise((_, fail) => {
  signal.addEventListener("abort", () => fail(signal.reason));
});

/** A token was put in: whatever goes on is begun anew with it. */
export function restart() {
  entered();
  session.abort();
}

/** Says why nothing is heard, and waits for what may change that. */
async function recover(error) {
  if (error?.name === "AbortError") return;
  const token = new Promise((done) => { entered = done; });
  const { text, wait } = reason(error);
  show(find("standing"), bad(text));
  if (error instanceof Refused) tell(told(error), NEWS);
  else if (!(error instanceof Unanswered)) console.error(error); // a fault of this page
  if (wait === null && document.activeElement === document.body) find("token").focus();
  await Promise.race([token, ...(wait === null ? [] : [new Promise((done) => setTimeout(done, wait))])]);
}

/** What went wrong, and how long to wait; null: until there is another token. */
function reason(error) {
  if (!(error instanceof Refused)) return { text: `${error.message}; it is asked again`, wait: AGAIN_MS };
  if (error.status === 401) return { text: "a token is needed", wait: null };
  if (error.status === 403) return { text: "this token may not see what is shown here", wait: null };
  if (error.status === 429) {
    const wait = Math.max(1, error.retryAfter);
    return { text: `the controller was asked too often; it is asked again in ${wait} s`, wait: wait * 1000 };
  }
  return { text: `the controller answers HTTP ${error.status}; it is asked again`, wait: AGAIN_MS };
}
