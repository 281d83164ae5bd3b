// Comfort for the rule builder, which works without it: Enter and pasting add values to a list, menus close by themselves.
"use strict";

const finished = (input) => input.dispatchEvent(new Event("change", { bubbles: true }));

// What is typed beside a list is added when it is finished, not while it is typed.
document.addEventListener("input", (event) => {
  if (event.target.matches("[data-adds]")) event.stopPropagation();
}, true);

document.addEventListener("keydown", (event) => {
  const input = event.target;
  if (event.key === "Escape") closeMenus(null, true);
  if (event.key !== "Enter" || !input.matches?.("[data-rule] :is(input, select)")) return;
  event.preventDefault();
  finished(input);
});

// One line cannot hold a column of a spreadsheet: its values go to the lines of the list.
document.addEventListener("paste", (event) => {
  const input = event.target;
  const text = event.clipboardData?.getData("text/plain") || "";
  if (!input.matches?.("[data-adds]") || !/[\t\n\r]/.test(text)) return;
  event.preventDefault();
  const lines = document.getElementById(input.dataset.adds);
  lines.value = [lines.value, text].filter(Boolean).join("\n");
  finished(lines);
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
  Idiomorph.defaults.callbacks.beforeNodeMorphed = (shown, sent) => {
    if (!shown.dataset?.keep || !sent.dataset?.keep) return true;
    ["data-keep", "hx-get"].forEach((name) => shown.setAttribute(name, sent.getAttribute(name)));
    return false;
  };
}
