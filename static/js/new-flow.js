// Shows what belongs to the way a flow begins; without this script everything is there.
"use strict";

const parts = document.querySelectorAll("[data-for]");
const choices = document.querySelectorAll('input[name="start"]');

function follow() {
  const chosen = [...choices].find((choice) => choice.checked)?.value;
  parts.forEach((part) => {
    const belongs = part.dataset.for === "category" ? !["copy", "document"].includes(chosen) : part.dataset.for === chosen;
    part.hidden = !belongs;
  });
}

choices.forEach((choice) => choice.addEventListener("change", follow));
follow();
