// The editor: the open card and its panel, the list behind every “+”, and dragging.
"use strict";

(() => {
  const panel = document.getElementById("panel");
  const rail = () => document.getElementById("rail");
  const byId = (id) => document.getElementById(id);

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

  // The field that a problem is about: the innermost that is drawn, or the first below it, else the first that is marked.
  const FIELD = "input:not([type=hidden]), select, textarea, button, a, [tabindex]";
  function fieldFor(address) {
    for (let id = address; id; id = id.includes("-") ? id.slice(0, id.lastIndexOf("-")) : "") {
      const drawn = panel.querySelectorAll(`[id="panel-${id}"], [id^="panel-${id}-"]`);
      const found = [...drawn].map((one) => (one.matches(FIELD) ? one : one.querySelector(FIELD))).find(Boolean);
      if (found) return found;
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

  // After a deletion the reader goes on at the “+” where the step stood.
  document.addEventListener("htmx:beforeRequest", (event) => {
    const pressed = event.detail.requestConfig.triggeringEvent?.submitter;
    if (!pressed?.id.startsWith("delete-")) return;
    if (pressed.closest(".row")) return;
    const stop = pressed.closest(".stop");
    const before = stop?.previousElementSibling?.querySelector(":scope > .plus") || stop?.closest(".lane, .rail-form")?.querySelector(".plus");
    const next = before?.id;
    document.addEventListener("htmx:afterRequest", () => byId(next)?.focus(), { once: true });
  });

  // A press that follows on another at once counts where the first one was, and not there for what makes or takes away something.
  let began = null;
  document.addEventListener("click", (event) => {
    const pressed = event.target.closest("button, a, summary");
    if (event.detail < 2) began = pressed;
    else if (pressed && (pressed !== began || pressed.matches("#add-first, [id^=add-row-], [id^=duplicate-], [id^=delete-]"))) {
      event.preventDefault();
      event.stopImmediatePropagation();
    }
  }, true);

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
  });

  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && byId("panel-close") && panel.contains(event.target) && !event.target.closest("[popover], .rule-menu[open]")) byId("panel-close").click();
    const problems = event.key === "Escape" && event.target.closest(".problem-menu[open]");
    if (!problems) return;
    problems.open = false;
    problems.querySelector("summary").focus();
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
    search.focus({ preventScroll: true });
  }
  function find() {
    const wanted = search.value.trim().toLowerCase();
    const kinds = [...menu.querySelectorAll("[data-words]")];
    for (const one of kinds) one.parentElement.hidden = !one.dataset.words.toLowerCase().includes(wanted);
    menu.querySelector("[data-none]").hidden = kinds.some((one) => !one.parentElement.hidden);
  }
  search.addEventListener("input", find);
  search.addEventListener("keydown", (event) => {
    if (event.key === "Escape") menu.hidePopover();
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
    delete event.item.dataset.mark; // It does not show a stop of the draft any more, which stands elsewhere.
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
  document.addEventListener("htmx:afterRequest", (event) => {
    if (event.detail.elt.id !== "rail") return;
    if (event.detail.successful) order = null; else if (![409, 422].includes(event.detail.xhr.status)) putBack();
  });

  showOpen();
  takeFocus();
  dragging();
  window.addEventListener("resize", showOpen);
})();
