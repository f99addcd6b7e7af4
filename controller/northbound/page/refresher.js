// News come in bursts, and drawing takes a while: how often what is shown is asked for again.

const QUIET_MS = 150;

/** Does `work` once at a time, soon after news; `failed` is told what went wrong with it. */
export class Refresher {
  #work;
  #failed;
  #timer = null;
  #running = null;
  #wanted = false;

  constructor(work, failed) {
    this.#work = work;
    this.#failed = failed;
  }

  /** There are news. A timer that runs is left alone, or news that never pause would put it off for ever. */
  soon() {
    if (this.#running) this.#wanted = true;
    else this.#timer ??= setTimeout(() => this.now().catch(this.#failed), QUIET_MS);
  }

  /** Works at once, after what is under way; throws what goes wrong. */
  async now() {
    this.#stop();
    while (this.#running) await this.#running.catch(() => {});
    this.#stop();
    this.#running = this.#work();
    try {
      await this.#running;
    } finally {
      this.#running = null;
    }
    if (this.#wanted) this.soon();
  }

  #stop() {
    clearTimeout(this.#timer);
    this.#timer = null;
    this.#wanted = false;
  }
}
