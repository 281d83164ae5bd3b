// The editor: the open card and its panel, the list behind every “+”, dragging, and how saving stands.
"use strict";

(() => {
  const panel = document.getElementById("panel");
  const rail = () => document.getElementById("rail");
  const byId = (id) => document.getElementById(id);

  // What somebody is typing is never replaced by what came back meanwhile.
  Idiomorph.defaults.ignoreActiveValue = true;

  // Nor is what was changed after a request went out: its answer does not know it yet, the next one will.
  let sentAt = 0;
  const changedAt = new WeakMap();
  ["input", "change"].forEach((kind) => document.addEventListener(kind, (event) => changedAt.set(event.target, performance.now()), true));
  document.addEventListener("htmx:beforeRequest", (event) => { if (event.detail.elt.matches("[data-autosave]")) sentAt = performance.now(); });
  Idiomorph.defaults.callbacks.beforeNodeMorphed = (shown) => !(changedAt.get(shown) > sentAt);

  function tell(text) {
    const region = byId("said");
    region.textContent = "";
    requestAnimationFrame(() => { region.textContent = text; });
  }
  document.addEventListener("tell", (event) => tell(event.detail.text));

  // The open step: its card is marked, the rail's forms know it, and on narrow screens nothing behind it is reached.
  function showOpen() {
    const step = byId("panel-body").dataset.step;
    document.querySelectorAll(".stop.is-open, .row.is-open").forEach((one) => one.classList.remove("is-open"));
    if (step) byId(`step-${step}`)?.classList.add("is-open");
    const open = document.querySelector("#rail [data-open]");
    if (open) open.value = step;
    const covers = Boolean(byId("panel-title")) && matchMedia("(max-width: 999px)").matches;
    document.querySelectorAll(".editor-main, .editor-head, .side, .skip").forEach((one) => { one.inert = covers; });
    const head = document.querySelector(".editor-head");
    document.documentElement.style.setProperty("--editor-head", `${head.offsetHeight}px`);
  }

  // The field that a problem is about: the innermost that is drawn, else the first that is marked.
  function fieldFor(address) {
    for (let id = address; id; id = id.includes("-") ? id.slice(0, id.lastIndexOf("-")) : "") {
      const found = byId(`panel-${id}`);
      if (found) return found.matches("input, select, textarea, button, a") ? found : found.querySelector("input, select, textarea, button, a");
    }
    return panel.querySelector("[aria-invalid=true]");
  }

  function takeFocus() {
    const body = byId("panel-body");
    if (!("takesFocus" in body.dataset)) return;
    delete body.dataset.takesFocus;
    const address = byId("panel-form")?.dataset.field;
    const field = address && fieldFor(address);
    for (let around = field; around && around !== panel; around = around.parentElement) if (around.tagName === "DETAILS") around.open = true;
    (field || byId("panel-title"))?.focus();
  }

  let lastOpened = byId("panel-body").dataset.step;
  document.addEventListener("htmx:afterRequest", (event) => {
    if (!event.target.closest(".editor-page, #toasts") && !event.detail.elt.closest(".editor-page, #toasts")) return;
    showOpen();
    takeFocus();
    const now = byId("panel-body").dataset.step;
    const gone = !byId("panel-title") && lastOpened;
    if (gone && (document.activeElement === document.body || !document.activeElement)) {
      (byId(`open-${lastOpened}`) || document.querySelector(".open"))?.focus();
    }
    lastOpened = now;
    dragging();
  });
  window.addEventListener("popstate", () => { lastOpened = ""; });

  // After a deletion the reader goes on at the “+” where the step stood.
  document.addEventListener("htmx:beforeRequest", (event) => {
    const pressed = event.detail.requestConfig.triggeringEvent?.submitter;
    if (!pressed?.id.startsWith("delete-")) return;
    const stop = pressed.closest(".stop, .row");
    const before = stop?.previousElementSibling?.querySelector(".plus") || stop?.closest(".lane, .rail-form")?.querySelector(".plus");
    const next = before?.id;
    document.addEventListener("htmx:afterRequest", () => byId(next)?.focus(), { once: true });
  });

  document.addEventListener("click", (event) => {
    const pressed = event.target.closest("button, a");
    if (!pressed) return;
    if (pressed.matches("[aria-disabled=true]") && !pressed.closest("#rail")) event.preventDefault();
    // Not at once: the button that was pressed must still be the one when its form is sent.
    if (pressed.closest(".menu")) setTimeout(() => pressed.closest(".menu")?.hidePopover());
    if (pressed.matches("[data-dismiss]")) pressed.closest("[data-toast]").remove();
    if (pressed.matches("[data-dismiss-remark]")) {
      const step = pressed.dataset.dismissRemark;
      byId(`remark-${step}`).remove();
      byId(`open-${step}`).focus();
    }
    if (pressed.matches("[data-copy-link]")) {
      navigator.clipboard.writeText(new URL(pressed.dataset.copyLink, location.href).href).then(() => say("Link copied.", "ok"));
    }
    if (pressed.matches("[data-retry]")) saveAgain();
  });

  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && byId("panel-close") && panel.contains(event.target) && !event.target.closest("[popover], details[open]")) byId("panel-close").click();
  });

  // A toast with the way back goes 10 s after it was last looked at.
  document.addEventListener("focusout", lookedAt);
  document.addEventListener("mouseout", lookedAt);
  function lookedAt(event) {
    const toast = event.target.closest?.("[data-toast]");
    if (!toast) return;
    clearTimeout(toast.leaving);
    toast.leaving = setTimeout(() => { if (!toast.matches(":hover, :focus-within")) toast.remove(); }, 10_000);
  }
  document.addEventListener("submit", (event) => event.target.closest("[data-toast]")?.setAttribute("hidden", ""));

  // The list of kinds: one for all, beside the “+” that was pressed.
  const menu = byId("add-menu");
  const search = byId("add-search");
  document.addEventListener("click", (event) => {
    const plus = event.target.closest("[data-add]");
    if (!plus || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    openMenu(plus);
  }, true);
  function openMenu(plus) {
    menu.elements.after.value = plus.dataset.lane ? "" : plus.dataset.add;
    menu.elements.lane.value = plus.dataset.lane;
    menu.showPopover({ source: plus });
    menu.opener = plus.id;
    search.value = "";
    find();
    search.focus();
  }
  function find() {
    const wanted = search.value.trim().toLowerCase();
    const kinds = [...menu.querySelectorAll("[data-words]")];
    for (const one of kinds) one.parentElement.hidden = !one.dataset.words.toLowerCase().includes(wanted);
    menu.querySelector("[data-none]").hidden = kinds.some((one) => !one.parentElement.hidden);
  }
  search.addEventListener("input", find);
  search.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" && event.key !== "ArrowDown") return;
    event.preventDefault();
    const first = menu.querySelector("li:not([hidden]) button");
    if (event.key === "Enter") first?.click(); else first?.focus();
  });
  menu.addEventListener("keydown", (event) => {
    if (!["ArrowDown", "ArrowUp"].includes(event.key) || !event.target.matches(".add-kind")) return;
    event.preventDefault();
    const shown = [...menu.querySelectorAll("li:not([hidden]) button")];
    const at = shown.indexOf(event.target) + (event.key === "ArrowDown" ? 1 : -1);
    (shown[at] || search).focus();
  });
  menu.addEventListener("toggle", (event) => {
    if (event.newState !== "closed") return;
    if (menu.contains(document.activeElement)) byId(menu.opener)?.focus();
  });
  document.addEventListener("htmx:beforeRequest", (event) => { if (event.detail.elt === menu) menu.hidePopover(); });

  // Saving: what is under way, what did not work, what is tried again by itself.
  const isSaving = (event) => event.detail.requestConfig?.verb === "post" && event.detail.elt.closest?.(".editor-page, #toasts");
  let failed = null;
  let waits = 0;
  let timer = 0;
  function standing(text, isBad) {
    const saved = byId("saved");
    if (!saved) return;
    saved.textContent = text;
    saved.classList.toggle("is-bad", Boolean(isBad));
    byId("retry").hidden = !isBad;
  }
  function saveAgain() {
    clearTimeout(timer);
    if (!failed) return;
    const form = byId("panel-form");
    if (form) { form.sent = ""; htmx.trigger(form, "submit"); } else standing("");
  }
  document.addEventListener("htmx:beforeRequest", (event) => {
    if (!isSaving(event)) return;
    const form = event.detail.elt;
    if (form.id === "panel-form") {
      const trigger = event.detail.requestConfig.triggeringEvent;
      const now = new URLSearchParams(new FormData(form)).toString();
      if (trigger && trigger.type !== "submit" && form.sent === now) { event.preventDefault(); return; }
      form.sent = now;
    }
    standing("Saving…");
  });
  document.addEventListener("htmx:afterRequest", (event) => {
    if (!isSaving(event)) return;
    const form = byId("panel-form");
    if (event.detail.successful || [409, 422].includes(event.detail.xhr.status)) {
      failed = null;
      waits = 0;
      if (form) form.sent = new URLSearchParams(new FormData(form)).toString();
      if (event.detail.xhr.status === 422) standing("Not all of it is saved");
    } else if (event.detail.elt.id === "panel-form" && (event.detail.failed || !event.detail.xhr.status)) {
      failed = event.detail.elt;
      standing("Not saved. Retrying", true);
      timer = setTimeout(saveAgain, Math.min(30_000, 2_000 * 2 ** waits++));
    } else {
      standing("Not saved", false);
      if (event.detail.elt.id === "rail") putBack();
    }
  });
  document.addEventListener("htmx:sendAbort", (event) => { if (event.detail.elt.id === "panel-form") event.detail.elt.sent = ""; });
  window.addEventListener("beforeunload", (event) => { if (failed) event.preventDefault(); });
  function online() {
    const pill = byId("offline");
    if (pill) pill.hidden = navigator.onLine;
    if (navigator.onLine && failed) saveAgain();
  }
  window.addEventListener("online", online);
  window.addEventListener("offline", online);

  // Dragging by the handle: an extra beside the buttons. The server has the last word on every order.
  let order = null;
  function dragging() {
    if (!window.Sortable || matchMedia("(max-width: 999px)").matches) return;
    rail().classList.add("has-drag");
    rail().querySelectorAll("ol.rail").forEach((list) => {
      if (Sortable.get(list)) return;
      Sortable.create(list, {
        group: "steps",
        handle: "[data-grip]",
        draggable: ".stop:not([data-fixed])",
        filter: "[data-fixed]",
        animation: matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : 150,
        ghostClass: "is-dragged",
        onStart: (event) => { order = { item: event.item, list: event.from, next: event.item.nextElementSibling }; },
        onMove: (event) => !event.related.matches("[data-fixed]") || event.willInsertAfter === event.related.matches(":first-child"),
        onEnd: dropped,
      });
    });
  }
  function dropped(event) {
    if (event.from === event.to && event.oldIndex === event.newIndex) return;
    const steps = [...event.to.children].map((one) => one.dataset.step).filter((step, at) => step && !("fixed" in event.to.children[at].dataset));
    hold(true);
    htmx.ajax("POST", rail().getAttribute("action"), {
      source: rail(),
      swap: "none",
      values: { order: steps, lane: event.to.dataset.lane || "" },
    }).finally(() => hold(false));
  }
  function hold(isHeld) {
    rail().querySelectorAll("ol.rail").forEach((list) => Sortable.get(list)?.option("disabled", isHeld));
  }
  function putBack() {
    if (!order) return;
    order.list.insertBefore(order.item, order.next);
    order = null;
    say("Could not save the new order. Put back.", "bad");
  }
  document.addEventListener("htmx:afterRequest", (event) => { if (event.detail.successful && event.detail.elt.id === "rail") order = null; });

  showOpen();
  takeFocus();
  dragging();
  online();
  window.addEventListener("resize", showOpen);
})();
