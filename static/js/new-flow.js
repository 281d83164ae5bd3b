// Shows the document's fields only when the flow starts with one; without this script they are always there.
"use strict";

const fields = document.getElementById("document-fields");
const choices = document.querySelectorAll('input[name="start"]');

function follow() {
  fields.hidden = ![...choices].some((choice) => choice.checked && choice.value === "document");
}

choices.forEach((choice) => choice.addEventListener("change", follow));
follow();
