// The reader's place: once what was pressed is answered, the focus is where it went, and never nowhere.
"use strict";

(() => {
  const byId = (id) => document.getElementById(id);
  const panel = byId("panel");
  const STOPS = "a[href], button, input, select, textarea, summary, [tabindex]";
  const FILLED_IN = ":is(input, select, textarea, summary):not([type=hidden])";
  const isThere = (one) => Boolean(one?.isConnected && one !== document.body && one.checkVisibility() && !one.disabled && !one.closest("[inert]"));
  const nameOf = (one) => one.id || one.parentElement?.id;

  // Who was somewhere and is nowhere now goes on at what came next on the page, or else at what came before.
  let last = null;
  let stops = [];
  document.addEventListener("focusin", ({ target }) => { if (!target.closest("#toasts")) last = target; });
  document.addEventListener("pointerdown", () => { last = null; }, true);
  document.addEventListener("htmx:beforeSwap", () => { stops = [...document.querySelectorAll(STOPS)]; });
  const again = (one) => [one, one.id && byId(one.id)].find(isThere);
  function keepPlace() {
    if (!last || panel.inert || isThere(document.activeElement)) return; // What a button of the panel leads to comes with its own answer.
    const at = stops.indexOf(last);
    const near = at < 0 ? [] : [...stops.slice(at), ...stops.slice(0, at).reverse()];
    (near.map(again).find(Boolean) || byId("main")).focus();
  }

  function take(one) {
    for (let around = one.parentElement; around && around !== panel; around = around.parentElement) {
      if (around.tagName === "DETAILS" && !around.matches(".rule-menu") && one.tagName !== "SUMMARY") around.open = true;
    }
    one.focus();
    if (one.matches("input")) one.select();
  }

  // What is open in two rows that change places changes places with them.
  function swapOpen(one, other) {
    document.querySelectorAll(`details:is([id="${one}"], [id^="${one}-"])`).forEach((here) => {
      const there = byId(here.id.replace(one, other));
      if (there) [here.open, there.open] = [there.open, here.open];
    });
  }
  const handleOf = (row) => byId(`${row}-menu`)?.querySelector("summary");
  function inRow(list, from, to, what) {
    const [here, there] = [`${list}-${from}`, `${list}-${to}`];
    const goal = handleOf(there) || byId(`${there}-${what}`);
    if (goal && what !== "duplicate") swapOpen(here, there);
    return goal;
  }

  // Where a button of the panel leads: with the row that it moves, beside the one that it takes out, to what it adds.
  function goalOf(pressed) {
    const [, list, number, what] = /^(.+)-(\d+)-(up|down|duplicate|remove|delete)$/.exec(pressed.id) || [];
    const at = Number(number);
    if (what === "remove") return () => closed(byId(`${list}-${at}`));
    if (what === "delete") return () => [`${list}-${at}`, `${list}-${at - 1}`, list].map(handleOf).find(Boolean) || byId(`${list}-add-rule`);
    if (what) return () => inRow(list, at, at + (what === "up" ? -1 : 1), what);
    const known = new Set([...panel.querySelectorAll(FILLED_IN)].map(nameOf));
    return () => [...panel.querySelectorAll(FILLED_IN)].find((one) => !known.has(nameOf(one)) && isThere(one));
  }
  // The row in the place of one that was taken out is as closed as any other.
  function closed(row) {
    if (row?.tagName !== "DETAILS") return null;
    row.open = false;
    return row.querySelector("summary");
  }

  const goals = new WeakMap();
  document.addEventListener("htmx:beforeRequest", ({ detail }) => {
    const pressed = detail.requestConfig.triggeringEvent?.submitter;
    if (detail.elt.id === "panel-form" && pressed?.id) goals.set(detail.xhr, { find: goalOf(pressed), from: document.activeElement });
  });
  document.addEventListener("htmx:afterRequest", ({ detail: { xhr } }) => {
    const goal = goals.get(xhr);
    // Somebody who has gone on meanwhile is not fetched back.
    const isWaiting = goal && (!isThere(document.activeElement) || [goal.from, byId(goal.from.id)].includes(document.activeElement));
    const found = isWaiting && (xhr.status === 422 ? panel.querySelector("[aria-invalid=true]") : goal.find());
    if (found) take(found);
    keepPlace();
  });
  document.addEventListener("click", (event) => { if (event.target.closest("[data-dismiss]")) keepPlace(); });

  // A list that is left is closed.
  document.addEventListener("focusin", ({ target }) => {
    const isLeft = (one) => !one.contains(target) && target.popoverTargetElement !== one;
    [...document.querySelectorAll(":popover-open")].filter(isLeft).forEach((one) => one.hidePopover());
    [...document.querySelectorAll(":is(.rule-menu, .problem-menu)[open]")].filter(isLeft).forEach((one) => { one.open = false; });
  });

  // Going back and forth in the browser's history opens and closes the panel; nothing else of the page is fetched again.
  const shown = () => location.pathname + location.search;
  let address = shown();
  document.addEventListener("htmx:pushedIntoHistory", () => { address = shown(); });
  window.addEventListener("popstate", (event) => {
    if (shown() === address) return;
    event.stopImmediatePropagation();
    address = shown();
    htmx.ajax("GET", address, { source: panel, swap: "none" });
  });
})();
