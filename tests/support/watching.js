// Writes down what the editor's page says: how saving stands, what is said of buttons, refusals, conflicts; and when it last changed.
// Says, too, in what an open page differs from one that is loaded now.
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
  // What a page shows of the draft, whoever looks at it: without what is open there, and what scripts have noted on it.
  const PIECES = ["plain", "rail", "ways-to-begin", "problems"];
  const NOTED = /^(is-open|has-drag|htmx-.*)$/;
  const own = ({ name, value }) => name !== "class" ? `${name}="${value}"` : value.split(/\s+/).filter((one) => one && !NOTED.test(one)).sort().join(".");
  function looks(one) {
    if (one.nodeType === Node.TEXT_NODE) return one.textContent.replace(/\s+/g, " ").trim();
    if (one.nodeType !== Node.ELEMENT_NODE || one.localName === "input") return "";
    const attributes = [...one.attributes].filter(({ name }) => !["open", "style", "draggable"].includes(name)).map(own).filter(Boolean);
    return `\n<${one.localName} ${attributes.sort().join(" ")}>${[...one.childNodes].map(looks).join("")}`;
  }
  const shown = (page) => PIECES.map((id) => looks(page.getElementById(id))).join("").split("\n");
  window.differs = async () => {
    try {
      const loaded = shown(new DOMParser().parseFromString(await (await fetch(location.pathname)).text(), "text/html"));
      const here = shown(document);
      const at = [...here, ...loaded].findIndex((_, line) => here[line] !== loaded[line]);
      return at < 0 ? "" : `${here[at]} in place of ${loaded[at]}`;
    } catch (error) {
      return `nobody answers: ${error}`;
    }
  };
  window.heard = (since) => said.slice(since);
  window.isQuiet = (ms) => performance.now() - changedAt > ms && !/^Saving|Retrying/.test(last.saved || "");
})();
