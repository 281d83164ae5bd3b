// Saving: what is changed in the open panel is sent by itself; nothing replaces it, and nobody leaves it, before it is kept.
"use strict";

(() => {
  const byId = (id) => document.getElementById(id);
  const form = () => byId("panel-form");
  const OURS = ["csrf_token", "revision", "page", "open"];
  const LONGEST = 30_000;
  const NOT_DONE = "That was not done: what you typed is not saved yet. Try again once it is.";

  let kept = ""; // what the draft has of the panel, as far as this page was told
  let sent = null; // what is on its way
  let isTouched = false; // whether something was changed since that went out
  let failures = 0;
  let timer = 0;
  let waiting = []; // those who go on when everything is kept
  let pressing = null; // the form a button of which is being done, and what had the focus

  function written() {
    const shown = form() ? [...new FormData(form())].filter(([name]) => !OURS.includes(name)) : [];
    return new URLSearchParams(shown).toString();
  }
  const isUnsaved = () => Boolean(form()) && (sent !== null || failures > 0 || written() !== kept);

  function send() {
    clearTimeout(timer);
    if (form()) htmx.trigger(form(), "save");
  }
  // Whether everything is kept, once that is known; a conflict, a refusal and an outage are told on the page.
  function whenKept() {
    return new Promise((resolve) => {
      waiting.push(resolve);
      if (sent === null) send();
    });
  }
  function goOn(areKept) {
    if (areKept && waiting.length && isUnsaved()) { send(); return; }
    waiting.splice(0).forEach((resolve) => resolve(areKept));
  }

  function standing(text, isBad) {
    const saved = byId("saved");
    if (!saved) return;
    saved.textContent = text;
    saved.classList.toggle("is-bad", Boolean(isBad));
    byId("retry").hidden = !isBad;
  }

  // What somebody is typing, or has changed after a save went out, is not replaced by its answer: that does not know it yet.
  let sentAt = 0;
  const changedAt = new WeakMap();
  ["input", "change"].forEach((kind) => document.addEventListener(kind, (event) => {
    if (pressing) return; // It was typed before, and has gone with the button.
    changedAt.set(event.target, performance.now());
    if (event.target.form === form()) isTouched = true;
  }, true));
  let answered = null;
  const isOwn = () => answered?.requestConfig?.elt.id === "panel-form";
  document.addEventListener("htmx:beforeSwap", (event) => {
    answered = event.detail;
    Idiomorph.defaults.ignoreActiveValue = isOwn();
  });
  // Nor is a panel with something unsaved replaced by what another request brings.
  function isHeld() {
    if (!form() || !answered?.requestConfig) return false;
    if (!isOwn()) return isUnsaved();
    return isKept(answered) && answered.requestConfig.path !== form().getAttribute("hx-post");
  }
  // Nor what was typed where the answer, which does not know it yet, has another control: the next answer does.
  let isBehind = false;
  function isTypedAway(next) {
    const other = next.querySelector("#panel-form");
    if (!isOwn() || other?.getAttribute("hx-post") !== form()?.getAttribute("hx-post")) return false;
    const isGone = (one) => changedAt.get(one) > sentAt && next.querySelector(`[id="${CSS.escape(one.id)}"]`)?.tagName !== one.tagName;
    isBehind = [...form().elements].some(isGone);
    if (isBehind) form().elements.revision.value = other.elements.revision.value;
    return isBehind;
  }
  let isRenewed = false;
  let isNew = false; // whether its form does not listen yet to what is typed
  Idiomorph.defaults.callbacks.beforeNodeMorphed = (shown, next) => {
    if (shown.id === "panel-body") {
      if (isHeld() || isTypedAway(next)) return false;
      isRenewed = true;
    }
    return !(isOwn() && changedAt.get(shown) > sentAt);
  };

  document.addEventListener("htmx:configRequest", (event) => {
    if (event.detail.elt === form()) event.detail.timeout = LONGEST;
  });
  const isChange = (event) => event.detail.requestConfig?.verb === "post" && event.detail.elt.closest?.(".editor-page, #toasts");
  // While a change is on its way, no answer to something else says that all is saved.
  const onTheirWay = new Set();
  document.addEventListener("htmx:beforeRequest", (event) => {
    if (!isChange(event)) return;
    if (event.detail.elt.id === "panel-form") {
      const trigger = event.detail.requestConfig.triggeringEvent;
      if (["change", "input"].includes(trigger?.type) && !failures && !isBehind && written() === kept) { event.preventDefault(); return; }
      [sent, sentAt, isTouched] = [written(), performance.now(), false];
    }
    onTheirWay.add(event.detail.xhr);
    standing("Saving…");
  });
  document.addEventListener("htmx:afterRequest", (event) => {
    onTheirWay.delete(event.detail.xhr);
    // By what asked: where a conflict stands in the form's place, the event comes from what is left around it.
    const isSave = event.detail.requestConfig?.elt.id === "panel-form";
    if (isSave) sentIs(event.detail);
    else if (isRenewed) [kept, isNew] = [written(), true];
    if (!isSave && isChange(event) && !isTold(event.detail)) standing("Not saved");
    isRenewed = false;
    // Whatever else was answered, what could not be sent is still to be sent; now it can be.
    if (failures && sent === null && isKept(event.detail)) { standing("Not saved. Retrying", true); send(); }
    if (onTheirWay.size) standing("Saving…");
  });
  document.addEventListener("htmx:afterSettle", () => {
    if (isNew && sent === null && isUnsaved()) send();
    isNew = false;
  });
  const isKept = (detail) => detail.xhr.status >= 200 && detail.xhr.status < 300;
  const isTold = (detail) => isKept(detail) || [409, 422].includes(detail.xhr.status);
  function sentIs(detail) {
    const went = sent;
    sent = null;
    if (!isTold(detail)) {
      standing("Not saved. Retrying", true);
      clearTimeout(timer);
      timer = setTimeout(send, Math.min(LONGEST, 2_000 * 2 ** failures++));
    } else {
      failures = 0;
      kept = isTouched ? went : written();
      if (detail.xhr.status === 422) standing("Not all of it is saved");
    }
    goOn(isKept(detail));
  }

  // What is sent is the button that was pressed, wherever the focus is when its turn comes; and none, where none was.
  document.addEventListener("htmx:configRequest", ({ detail }) => {
    const { elt, parameters, triggeringEvent } = detail;
    if (elt.tagName !== "FORM" || !elt.closest(".editor-page, #toasts")) return;
    const pressed = triggeringEvent?.type === "submit" ? triggeringEvent.submitter : null;
    [...elt.elements].forEach((one) => { if (one.type === "submit") delete parameters[one.name]; });
    if (pressed?.name) parameters[pressed.name] = pressed.value;
    // How the page shows each stop of the rail: those that are otherwise now come with the answer.
    parameters.marks = [...document.querySelectorAll("#rail [data-mark]")].map((one) => one.dataset.mark).join(" ");
    if (elt.hasAttribute("hx-post")) detail.path = pressed?.getAttribute("formaction") || elt.getAttribute("hx-post");
  });

  // A button of the panel may move what stands around it: nothing there is changed between its press and its answer.
  document.addEventListener("submit", ({ target, submitter }) => {
    if (target !== form() || !submitter?.value) return;
    pressing = { form: target, focused: document.activeElement };
    byId("panel").inert = true;
  }, true);
  document.addEventListener("htmx:afterRequest", ({ detail }) => {
    const isAnswered = detail.requestConfig?.triggeringEvent?.type === "submit" && detail.requestConfig.elt === pressing?.form;
    if (!pressing || (pressing.form.isConnected && !isAnswered)) return;
    byId("panel").inert = false;
    if (document.activeElement === document.body) pressing.focused.focus();
    pressing = null;
  }, true);

  // Other buttons and links of the editor wait until the panel is kept; when it cannot be, they do nothing, and that is said.
  function goOnKept(what) {
    whenKept().then((areKept) => { if (areKept) what(); else if (failures) say(NOT_DONE, "bad"); });
  }
  document.addEventListener("htmx:confirm", (event) => {
    const asking = event.detail.elt;
    if (asking === form() || asking.closest("[data-poll], .tried") || !asking.closest(".editor-page, #toasts") || !isUnsaved()) return;
    event.preventDefault();
    goOnKept(() => event.detail.issueRequest(true));
  });
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-retry]")) send();
    const link = event.target.closest("a[href]");
    const staysHere = !link || link.target || link.matches("[hx-get], [download], [href^='#']");
    if (staysHere || event.ctrlKey || event.metaKey || event.shiftKey || !isUnsaved()) return;
    event.preventDefault();
    goOnKept(() => location.assign(link.href));
  });
  document.addEventListener("submit", (event) => {
    const { target, submitter } = event;
    if (target.matches("[hx-post]") || !isUnsaved()) return;
    event.preventDefault();
    goOnKept(() => target.requestSubmit(submitter));
  });
  // Whoever reloads or closes the page meanwhile is asked first.
  window.addEventListener("beforeunload", (event) => {
    if (!isUnsaved()) return;
    event.preventDefault();
    if (sent === null) send();
  });
  const sendNow = () => { if (isUnsaved() && sent === null) send(); };
  document.addEventListener("visibilitychange", () => { if (document.hidden) sendNow(); });
  window.addEventListener("popstate", sendNow, true);

  function online() {
    const pill = byId("offline");
    if (pill) pill.hidden = navigator.onLine;
    if (navigator.onLine && failures) send();
  }
  window.addEventListener("online", online);
  window.addEventListener("offline", online);

  kept = written();
  online();
})();
