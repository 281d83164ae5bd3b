// Shows only the fields that what is chosen needs, and adds rows to the mapping; without it all fields are there.
"use strict";

const chooses = 'input[name="auth"], input[name="accepted"], input[name="decides"], input[name="copies"]';
const conditional = document.querySelectorAll("[data-for]");
const rows = () => document.querySelector("#mapping tbody");
const add = document.getElementById("add-row");

function follow() {
  const chosen = [...document.querySelectorAll(`:is(${chooses}):checked, select[name="format"]`)].map((input) => input.value);
  conditional.forEach((part) => {
    part.hidden = !part.dataset.for.split(" ").some((value) => chosen.includes(value));
  });
}

function addRow() {
  const row = rows().lastElementChild.cloneNode(true);
  const number = rows().children.length + 1;
  row.querySelectorAll("input").forEach((input) => {
    if (input.type === "checkbox") {
      input.checked = false;
      input.value = String(number - 1);
    } else input.value = "";
    const label = input.getAttribute("aria-label");
    if (label) input.setAttribute("aria-label", label.replace(/\d+$/, String(number)));
  });
  row.querySelector(".only-if").open = false;
  rows().append(row);
  row.querySelector("input").focus();
}

// A common way to answer brings its paths along, where nothing was written yet.
function takePaths(option) {
  const paths = option.dataset.paths ? JSON.parse(option.dataset.paths) : {};
  Object.entries(paths).forEach(([name, path]) => {
    const input = document.querySelector(`input[name="${name}"]`);
    if (!input.value) input.value = path;
  });
}

document.addEventListener("change", (event) => {
  if (event.target.matches(`${chooses}, select[name="format"]`)) follow();
  if (event.target.matches('input[name="accepted"]')) takePaths(event.target);
});
add.hidden = false;
add.addEventListener("click", addRow);
follow();
