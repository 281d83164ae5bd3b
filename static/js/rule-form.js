// A rule that is built in a form of its own page: what is being typed stays, and the focus is never nowhere.
"use strict";

(() => {
  const FILLED_IN = "[data-rule] :is(input, select, textarea):not([type=hidden])";
  let known = new Set();
  let pressed = null;

  Idiomorph.defaults.ignoreActiveValue = true;

  document.addEventListener("htmx:beforeSwap", ({ detail }) => {
    known = new Set([...document.querySelectorAll(FILLED_IN)].map((one) => one.id));
    pressed = detail.requestConfig.elt.closest("button");
  });

  // A button leads to what it adds; where it goes away with its row, to what is left.
  document.addEventListener("htmx:afterSettle", () => {
    if (!pressed) return;
    const shown = [...document.querySelectorAll(FILLED_IN)].filter((one) => one.checkVisibility());
    const added = shown.find((one) => !known.has(one.id));
    if (added || document.activeElement === document.body) (added || shown[0])?.focus();
    pressed = null;
  });
})();
