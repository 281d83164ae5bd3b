// Keys for those who want them: off until they are switched on in the list that shows them, which is kept for the person,
// and never while something is typed.
"use strict";

(() => {
  const byId = (id) => document.getElementById(id);
  const list = byId("shortcuts");
  const choice = byId("shortcuts-on");

  byId("show-shortcuts").hidden = false;

  // The card that has the focus; a key that is about a card does nothing elsewhere.
  const cardOf = (target) => target.closest("#rail .row, #rail .stop")?.id.replace("step-", "");
  const stopOf = (target) => target.closest("#rail .stop")?.dataset.step;
  const DOES = {
    a: (target) => byId(`add-${stopOf(target)}`),
    t: () => byId("test-draft"),
    "?": () => byId("show-shortcuts"),
    Delete: (target) => byId(`delete-${cardOf(target)}`),
    "Alt+ArrowUp": (target) => byId(`up-${cardOf(target)}`),
    "Alt+ArrowDown": (target) => byId(`down-${cardOf(target)}`),
    "Control+z": () => byId("undo"),
    "Control+Z": () => byId("redo"),
  };

  document.addEventListener("keydown", (event) => {
    if (!choice.checked || event.target.closest("input, textarea, select, [popover], dialog")) return;
    const { key, altKey, ctrlKey, metaKey } = event;
    const does = DOES[`${altKey ? "Alt+" : ""}${ctrlKey || metaKey ? "Control+" : ""}${key}`]?.(event.target);
    if (!does) return;
    event.preventDefault();
    if (!does.matches("[aria-disabled=true]")) does.click();
  });
  byId("show-shortcuts").addEventListener("click", () => list.showModal());
})();
