// How long drawing takes, for whoever measures it with a PerformanceObserver.

/** Draws, to the layout of it. */
export function drawing(work) {
  const start = performance.now();
  work();
  document.body.getBoundingClientRect(); // the browser lays out now what it would lay out next
  performance.measure("draw", { start });
  performance.clearMeasures("draw"); // observers have it; kept, they would be one more for ever
}
