// Comfort for the rule builder, which works without it: Enter and pasting add values to a list, menus close by themselves.
"use strict";

const finished = (input) => input.dispatchEvent(new Event("change", { bubbles: true }));

// What is typed beside a list is added when it is finished, not while it is typed.
document.addEventListener("input", (event) => {
  if (event.target.matches("[data-adds]")) event.stopPropagation();
}, true);

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
  const isDone = Boolean(event.target.closest?.(".rule-menu-list button"));
  closeMenus(isDone ? null : inside, isDone);
});

// What the last leads make of a rule stays on the page until the rule is another one, and then until the answer comes.
if (window.Idiomorph) {
  const otherwise = Idiomorph.defaults.callbacks.beforeNodeMorphed;
  Idiomorph.defaults.callbacks.beforeNodeMorphed = (shown, sent) => {
    if (!shown.dataset?.keep || !sent.dataset?.keep) return otherwise(shown, sent);
    ["data-keep", "hx-get", "hx-post"].forEach((name) => sent.hasAttribute(name) && shown.setAttribute(name, sent.getAttribute(name)));
    return false;
  };
}
// An answer about a rule that is another one by now comes too late.
document.addEventListener("htmx:beforeSwap", ({ detail }) => {
  const { elt, path } = detail.requestConfig;
  if (elt.dataset.keep && !path.endsWith(`of=${elt.dataset.keep}`)) detail.shouldSwap = false;
});
