// What htmx sends for a button with data-once is sent once, however often it is pressed until its answer is shown.
"use strict";

(() => {
  let pressedAt = new WeakMap();
  window.addEventListener("pageshow", () => { pressedAt = new WeakMap(); });
  document.addEventListener("submit", (event) => {
    const button = event.submitter;
    if (!button?.matches("[data-once]")) return;
    if (event.timeStamp - pressedAt.get(button) < 10_000) {
      event.preventDefault();
      event.stopPropagation();
    } else pressedAt.set(button, event.timeStamp);
  }, true);
  for (const answered of ["htmx:beforeSwap", "htmx:sendError"]) {
    document.addEventListener(answered, (event) => pressedAt.delete(event.detail.requestConfig.triggeringEvent?.submitter));
  }
})();
