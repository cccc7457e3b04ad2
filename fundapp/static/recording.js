/* Short keys at the table: a letter presses the button, follows the link or opens the form that carries it in data-key.
   Nothing happens while somebody types, nor with Ctrl, Alt or Meta; the reader can turn them off. */
(() => {
  "use strict";
  const KEPT = "short-keys-off";
  const help = document.getElementById("short-keys");
  const off = document.getElementById("short-keys-off");
  if (!help || !off) return;
  help.hidden = false;
  try {
    off.checked = localStorage.getItem(KEPT) === "1";
    off.addEventListener("change", () => localStorage.setItem(KEPT, off.checked ? "1" : "0"));
  } catch {
    /* Without storage the choice holds for this page. */
  }
  // A long agenda shows the § that is being dealt with.
  const here = document.querySelector(".agenda [aria-current]");
  const list = here && here.closest(".agenda");
  if (list) list.scrollTop = here.offsetTop - list.clientHeight / 2;
  document.addEventListener("keydown", (event) => {
    if (off.checked || event.ctrlKey || event.altKey || event.metaKey || event.isComposing || event.repeat) return;
    const at = event.target;
    if (at instanceof Element && at.closest("input:not([type=radio]):not([type=checkbox]), textarea, select, [contenteditable]")) return;
    if (!/^[a-z]$/.test(event.key)) return;
    const wanted = document.querySelector(`[data-key="${event.key}"]`);
    if (!wanted) return;
    event.preventDefault();
    wanted.click();
    const place = wanted.closest("details");
    if (place && place.open) {
      const first = place.querySelector("input:not([type=hidden]), select, textarea");
      if (first) first.focus();
    }
  });
})();
