// What every page needs beyond htmx: form tokens on its requests, quiet polls, dialogs, messages.
"use strict";

const formToken = document.querySelector('meta[name="csrf-token"]').content;
const toasts = document.getElementById("toasts");

function say(text, tone) {
  for (const one of [...toasts.children]) if (one.textContent === text) one.remove();
  const note = document.createElement("p");
  note.className = `toast is-${tone}`;
  note.textContent = text;
  toasts.append(note);
  if (tone === "ok") setTimeout(() => note.remove(), 8000);
}

document.addEventListener("htmx:configRequest", (event) => {
  event.detail.headers["X-CSRFToken"] = formToken;
});

// A page in a hidden tab does not poll.
document.addEventListener("htmx:beforeRequest", (event) => {
  const asking = event.target.closest("[data-poll]");
  if (asking && asking === event.detail.elt && document.hidden) event.preventDefault();
});

// What a reader has opened stays open when a part of the page is renewed.
if (window.Idiomorph) {
  Idiomorph.defaults.callbacks.beforeAttributeUpdated = (name, node) => !(name === "open" && node.tagName === "DETAILS");
}

// What was being fetched and did not come says so in its place.
function leaveOff(part) {
  if (!part.matches("[aria-busy]")) return;
  part.removeAttribute("aria-busy");
  for (const words of part.querySelectorAll("[data-busy], [data-failed]")) words.hidden = !words.hidden;
}

document.addEventListener("htmx:responseError", (event) => {
  leaveOff(event.detail.elt);
  if (event.detail.elt.matches("[data-poll]")) return;
  const words = new DOMParser().parseFromString(event.detail.xhr.responseText, "text/html").body.textContent.trim();
  say(words || "That did not work. Try again.", "bad");
});

document.addEventListener("htmx:sendError", (event) => {
  leaveOff(event.detail.elt);
  if (!event.detail.elt.matches("[data-poll], [data-autosave]")) say("The server cannot be reached. Try again in a moment.", "bad");
});

document.addEventListener("say", (event) => say(event.detail.text, event.detail.tone || "ok"));
document.addEventListener("open-dialog", () => document.getElementById("dialog").showModal());
document.addEventListener("close-dialog", () => document.getElementById("dialog").close());

// After "load more" the reader goes on at the first new row; after a panel was loaded, at its heading.
document.addEventListener("htmx:afterSettle", (event) => {
  const next = event.detail.elt.parentElement?.querySelector("[data-focus]") || event.detail.elt.querySelector?.("[data-focus]");
  if (next) {
    next.removeAttribute("data-focus");
    next.focus();
  }
});

// Whoever comes from another page of the app goes on at the content; whoever arrives begins at the top, before the skip link.
if (document.activeElement === document.body && !document.querySelector("[autofocus]") && document.referrer.startsWith(`${location.origin}/`)) {
  const content = (location.hash && document.getElementById(location.hash.slice(1))) || document.getElementById("main");
  if (content.tabIndex < 0) content.tabIndex = -1;
  content.focus({ preventScroll: true });
}

// What is pressed twice in a row is sent once; whoever comes back to a page may send its form again.
let sentAt = new WeakMap();
window.addEventListener("pageshow", () => { sentAt = new WeakMap(); });
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || form.getAttribute("method") !== "post") return;
  if (event.timeStamp - sentAt.get(form) < 10_000) event.preventDefault(); else sentAt.set(form, event.timeStamp);
});

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent.trim());
  say("Copied.", "ok");
});
