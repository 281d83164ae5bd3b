// Comfort for the rule builder, which works without it: Enter and pasting add values to a list, menus close by themselves.
"use strict";

const finished = (input) => input.dispatchEvent(new Event("change", { bubbles: true }));

// What is typed beside a list is added when it is finished, not while it is typed.
document.addEventListener("input", (event) => {
  if (event.target.matches("[data-adds]")) event.stopPropagation();
}, true);

// A button says what to do when it is pressed, and not again with what is typed while it still has the focus.
document.addEventListener("htmx:configRequest", (event) => {
  const { elt, parameters, triggeringEvent } = event.detail;
  if (elt.matches("form:is([data-autosave], :has([data-rule]))") && triggeringEvent?.type !== "submit") delete parameters.do;
});

// One line cannot hold a column of a spreadsheet, so that values go to the lines of the list.
function add(input, text) {
  const lines = document.getElementById(input.dataset.adds);
  if (!text.trim()) return;
  lines.value = [lines.value, text].filter(Boolean).join("\n");
  input.value = "";
  finished(lines);
}

document.addEventListener("change", (event) => {
  if (!event.target.matches("[data-adds]")) return;
  event.stopPropagation();
  add(event.target, event.target.value);
}, true);

document.addEventListener("keydown", (event) => {
  const input = event.target;
  if (event.key === "Escape") closeMenus(null, true);
  if (event.key !== "Enter" || !input.matches?.("[data-rule] :is(input, select)")) return;
  event.preventDefault();
  if (!input.matches("[data-waits]")) finished(input);
  else input.parentElement.querySelector("button").click();
});

document.addEventListener("paste", (event) => {
  const text = event.clipboardData?.getData("text/plain") || "";
  if (!event.target.matches?.("[data-adds]") || !/[\t\n\r]/.test(text)) return;
  event.preventDefault();
  add(event.target, text);
});

function closeMenus(besides, withFocus) {
  document.querySelectorAll(".rule-menu[open]").forEach((menu) => {
    if (menu === besides) return;
    if (withFocus && menu.contains(document.activeElement)) menu.querySelector("summary").focus();
    menu.open = false;
  });
}

document.addEventListener("click", (event) => {
  const inside = event.target.closest?.(".rule-menu");
  closeMenus(event.target.closest?.(".rule-menu-list button") ? null : inside, false);
});

// What the last leads make of a rule stays on the page until the rule is another one, and then until the answer comes.
if (window.Idiomorph) {
  const otherwise = Idiomorph.defaults.callbacks.beforeNodeMorphed;
  Idiomorph.defaults.callbacks.beforeNodeMorphed = (shown, sent) => {
    if (!shown.dataset?.keep || !sent.dataset?.keep) return otherwise(shown, sent);
    ["data-keep", "hx-get"].forEach((name) => shown.setAttribute(name, sent.getAttribute(name)));
    return false;
  };
}

// What was pressed may be gone when the answer comes: the reader goes on where it stood.
let pressed = "";
document.addEventListener("click", (event) => {
  const button = event.target.closest?.("[data-rule] button[name=do]");
  pressed = button ? button.closest(".rule, .rule-group").id.replace(/-(row|group)$/, "") : "";
});
document.addEventListener("htmx:afterSettle", () => {
  const isLost = !document.activeElement || document.activeElement === document.body;
  if (!pressed || !isLost) return;
  const beside = ["-add", "-menu > summary", "-field", "-add-rule"].map((end) => document.querySelector(`#${CSS.escape(pressed)}${end}`));
  const next = beside.find(Boolean) || document.querySelector(`[data-rule] [id$="-add-rule"]`);
  pressed = "";
  next?.focus();
});
