// A rule that is built in a form of its own page: nothing that is typed or chosen meanwhile is lost to an answer, and the focus is never nowhere.
"use strict";

(() => {
  const FILLED_IN = "[data-rule] :is(input, select, textarea):not([type=hidden])";
  const rule = () => document.getElementById("accept-rule");
  const isButton = (one) => one.matches("[data-rule] button");
  const shown = () => [...document.querySelectorAll(FILLED_IN)].filter((one) => one.checkVisibility());
  let known = new Set();
  let isTyped = false; // whether something was typed since the last question went out
  let pressed = null; // the button that is being done
  let left = null; // what has the focus before that
  let goOn = null; // who goes on when it is done

  Idiomorph.defaults.ignoreActiveValue = true;

  // What a button makes or takes away moves the rows around it: nothing of them is changed until that is done.
  function hold(isHeld) {
    for (const one of [rule(), document.getElementById("flow")]) if (one) one.inert = isHeld;
  }
  document.addEventListener("htmx:confirm", (event) => { if (pressed && event.detail.elt === rule()) event.preventDefault(); });
  document.addEventListener("htmx:beforeRequest", ({ detail }) => {
    if (detail.elt === rule() || isButton(detail.elt)) isTyped = false;
    if (!isButton(detail.elt)) return;
    pressed = detail.elt;
    left = pressed.closest(".rule-menu")?.querySelector("summary") || pressed;
    hold(true);
  });
  document.addEventListener("submit", (event) => {
    if (!pressed) return;
    event.preventDefault();
    goOn = () => event.target.requestSubmit(event.submitter);
  }, true);

  // An answer that does not know what was typed since is not shown: it is asked again with that.
  document.addEventListener("input", ({ target }) => { if (target.matches(FILLED_IN) && !target.matches("[data-adds]")) isTyped = true; }, true);
  document.addEventListener("htmx:beforeSwap", ({ detail }) => {
    if (detail.requestConfig.elt === pressed) known = new Set([...document.querySelectorAll(FILLED_IN)].map((one) => one.id));
    if (isTyped && detail.requestConfig.elt === rule()) detail.shouldSwap = false;
  });
  document.addEventListener("htmx:afterRequest", ({ detail }) => {
    if (isTyped && detail.successful && detail.requestConfig.elt === rule()) htmx.trigger(rule(), "change");
    if (detail.requestConfig.elt !== pressed) return;
    hold(false);
    const next = goOn;
    pressed = goOn = null;
    if (detail.successful) { next?.(); return; }
    left.focus();
    left = null;
  });

  // A button leads to what it adds; where it goes away with its row, to what is left.
  document.addEventListener("htmx:afterSettle", () => {
    if (!left || pressed) return;
    const added = shown().find((one) => !known.has(one.id));
    const stays = left.isConnected && left.checkVisibility() ? left : shown()[0];
    if (added || document.activeElement === document.body) (added || stays)?.focus();
    left = null;
  });
})();
