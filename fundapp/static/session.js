// On every page of somebody signed in: a word before the session ends, and what a browser must not keep any longer.
"use strict";
(() => {
  const box = document.getElementById("session-end");
  if (!box) return;

  const mine = `fundapp:${box.dataset.account}:`;
  const KEPT_FOR = 7 * 24 * 3600 * 1000;
  const [WARNING, EVERY] = [5 * 60 * 1000, 15 * 1000];
  const lasts = Number(box.dataset.endsIn) * 1000;
  let seen = Date.now();
  let isPutAway = false;

  const kept = (name) => {
    try {
      return JSON.parse(localStorage.getItem(name));
    } catch {
      return null;
    }
  };

  function forget(isNoLongerWanted) {
    try {
      for (const name of Object.keys(localStorage)) {
        if (name.startsWith("fundapp:") && isNoLongerWanted(name)) localStorage.removeItem(name);
      }
    } catch {}
  }

  // Another person's, all on a shared computer, and what is too old.
  forget((name) => {
    const { at = 0 } = kept(name) || {};
    return box.dataset.keeps !== "yes" || !name.startsWith(mine) || Date.now() - at > KEPT_FOR;
  });

  // Other windows of the same person keep the session going too.
  function noteSeen() {
    [seen, isPutAway] = [Date.now(), false];
    try {
      if (box.dataset.keeps === "yes") localStorage.setItem(`${mine}seen`, JSON.stringify({ at: seen }));
    } catch {}
  }

  const lastSeen = () => Math.max(seen, (kept(`${mine}seen`) || {}).at || 0);

  function look() {
    const left = lastSeen() + lasts - Date.now();
    const isTime = left < WARNING && left > 0;
    if (!isTime && box.open) box.close();
    if (!isTime || box.open || isPutAway) return;
    const end = new Date(Date.now() + left);
    const time = end.toLocaleTimeString("sv-SE", { hour: "2-digit", minute: "2-digit" });
    box.querySelector("[data-when]").textContent = time;
    box.showModal();
  }

  // The page of the section whose words are kept under `name`: account:draft/section, and which window's they are.
  function addressOf(name, form) {
    const [draft] = name.slice(mine.length).split(":");
    return form.action.replace(/sign-out$/, `applications/${draft.replace("/", "/sections/")}`);
  }

  // Words of a section that is not open here: instead of signing out its page is opened, which sends them. Asked once.
  function fetchUnsent(event) {
    try {
      const here = location.origin + location.pathname;
      const isUnsent = (name) => name.startsWith(mine) && name.includes("/")
        && sessionStorage.getItem(name) !== localStorage.getItem(name) && addressOf(name, event.target) !== here;
      const name = Object.keys(localStorage).find(isUnsent);
      if (!name) return false;
      sessionStorage.setItem(name, localStorage.getItem(name));
      event.preventDefault();
      location.assign(addressOf(name, event.target));
      return true;
    } catch {
      return false;
    }
  }

  function tell(form, text) {
    let line = form.querySelector(".told");
    if (!line) {
      line = Object.assign(document.createElement("p"), { className: "told" });
      line.setAttribute("role", "alert");
      form.append(line);
    }
    line.textContent = text;
  }

  box.addEventListener("cancel", () => { isPutAway = true; });
  box.querySelector("form").addEventListener("submit", async (event) => {
    event.preventDefault();
    const form = event.target;
    try {
      const answer = await fetch(form.action, { method: "POST", body: new URLSearchParams(new FormData(form)) });
      if (!answer.ok) throw new Error(answer.status);
      noteSeen();
      box.close();
    } catch {
      tell(form, box.dataset.offline);
    }
  });
  document.addEventListener("fundapp:seen", noteSeen);
  document.addEventListener("submit", (event) => {
    if (event.defaultPrevented) return;
    // A section's own script keeps and waits; any other form would lose its page to the browser's own.
    if (navigator.onLine) {
      if (event.target.action.endsWith("/sign-out") && !fetchUnsent(event)) forget(() => true);
    } else {
      event.preventDefault();
      tell(event.target, box.dataset.offline);
    }
  });
  window.addEventListener("online", () => {
    for (const line of document.querySelectorAll(".told")) line.remove();
  });

  noteSeen();
  setInterval(look, EVERY);
})();
