/* The list of cases by keys: j and k go down and up, Enter opens (the link has the focus), x chooses, s goes to the
   search. Nothing happens while somebody types, nor with Ctrl, Alt or Meta; the reader can turn them off. */
(() => {
  "use strict";
  const KEPT = "short-keys-off";
  const help = document.getElementById("short-keys");
  const off = document.getElementById("short-keys-off");
  const links = [...document.querySelectorAll("tbody th[scope=row] a")];
  if (!help || !off || !links.length) return;
  help.hidden = false;
  try {
    off.checked = localStorage.getItem(KEPT) === "1";
    off.addEventListener("change", () => localStorage.setItem(KEPT, off.checked ? "1" : "0"));
  } catch {
    /* Without storage the choice holds for this page. */
  }
  const rowOf = (element) => (element instanceof Element ? element.closest("tbody tr") : null);
  const here = () => links.findIndex((link) => rowOf(link) === rowOf(document.activeElement));
  const go = (place) => {
    const link = links[Math.max(0, Math.min(links.length - 1, place))];
    link.focus();
    link.scrollIntoView({ block: "nearest" });
  };
  const choose = () => {
    const box = here() >= 0 ? rowOf(document.activeElement).querySelector("input[name=case]") : null;
    if (box) box.click();
  };
  const keys = {
    j: () => go(here() + 1),
    k: () => go(here() - 1),
    x: choose,
    s: () => document.getElementById("filter-q").focus(),
  };
  document.addEventListener("keydown", (event) => {
    if (off.checked || event.ctrlKey || event.altKey || event.metaKey || event.isComposing) return;
    const at = event.target;
    if (at instanceof Element && at.closest("input:not([type=radio]):not([type=checkbox]), textarea, select, [contenteditable]")) return;
    const act = keys[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  });
})();
