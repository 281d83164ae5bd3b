// Writes down what the editor's page says: how saving stands, what is said of buttons, refusals, conflicts; and when it last changed.
(() => {
  const said = [];
  const last = {};
  let changedAt = performance.now();
  const note = (kind, text = "") => {
    const plain = text.replace(/\s+/g, " ").trim();
    if (plain && last[kind] !== plain) said.push([kind, plain]);
    last[kind] = plain;
  };
  function look() {
    const body = document.getElementById("panel-body");
    note("saved", document.getElementById("saved")?.textContent);
    note("said", document.getElementById("said")?.textContent);
    note("bad", [...document.querySelectorAll("#toasts .is-bad")].map((one) => one.textContent).join(" "));
    note("conflict", body?.dataset.asks === "conflict" ? `${body.dataset.step} ${body.textContent}` : "");
  }
  new MutationObserver(() => { changedAt = performance.now(); look(); }).observe(document, {
    subtree: true, childList: true, characterData: true, attributeFilter: ["data-asks", "data-step"],
  });
  document.addEventListener("input", () => { changedAt = performance.now(); }, true);
  window.heard = (since) => said.slice(since);
  window.isQuiet = (ms) => performance.now() - changedAt > ms && !/^Saving|Retrying/.test(last.saved || "");
})();
