// Keeps a section while it is written: on the server, and where that cannot be reached in this browser, bound to the
// account, until it can be sent. The line under the form says only what the server has answered. Without this script
// the page's own buttons do the same.
"use strict";
(() => {
  const line = document.querySelector(".saving");
  const form = line && line.closest("form");
  const session = document.getElementById("session-end");
  if (!form || !session) return;

  const words = line.dataset;
  const key = `fundapp:${session.dataset.account}:${words.draft}`;
  const KEPT_FOR = 7 * 24 * 3600 * 1000;
  const [SOON, SELDOM, PATIENCE] = [1000, 60000, 15000];
  const OF_THE_PAGE = new Set(["csrf_token", "version", "page", "step", "shown", "next", "leave", "add"]);
  let acknowledged = "";  // the answers as the server last said that it has them
  let [timer, wait, sending, pressed] = [0, SOON, null, null];
  let isFailing = false;
  let isLeaving = false;
  let wasSignedOut = false;

  const hidden = (name) => form.elements.namedItem(name);
  const shown = () => [...form.querySelectorAll("input[name=shown]")].map((each) => each.value);
  const answers = () =>
    [...new FormData(form)].filter(([name]) => !OF_THE_PAGE.has(name) && !name.startsWith("keep:"));
  const written = (pairs) => JSON.stringify(pairs);
  const isDirty = () => written(answers()) !== acknowledged;
  const basis = () => ({
    version: hidden("version").value, page: hidden("page").value, step: hidden("step").value, shown: shown(),
  });

  function say(text, linkText, address) {
    line.textContent = text;
    if (!linkText) return;
    const link = document.createElement("a");
    link.href = address;
    link.textContent = linkText;
    if (address === words.signIn && session.dataset.keeps !== "yes") link.target = "_blank";
    line.append(" ", link);
  }

  // --- what this browser keeps ------------------------------------------------------------------------------------

  function keep() {
    if (session.dataset.keeps !== "yes") return false;
    try {
      const step = Number(hidden("step").value) + 1; // as which it will be sent
      localStorage.setItem(key, JSON.stringify({ at: Date.now(), answers: answers(), ...basis(), step }));
      return true;
    } catch {
      return false;
    }
  }

  function forget() {
    try {
      localStorage.removeItem(key);
    } catch {}
  }

  function left() {
    try {
      const found = JSON.parse(localStorage.getItem(key));
      if (found && Date.now() - found.at < KEPT_FOR) return found;
      forget();
    } catch {}
    return null;
  }

  // --- the page's fields -------------------------------------------------------------------------------------------

  const named = (name) => [...form.elements].filter((each) => each.name === name);

  function put(name, texts) {
    for (const each of named(name)) {
      if (each.type === "checkbox" || each.type === "radio") each.checked = texts.includes(each.value);
      else each.value = texts.length ? texts[0] : "";
    }
  }

  const textsOf = (pairs, name) => pairs.filter(([other]) => other === name).map(([, text]) => text);

  function putBack(kept) {
    const names = new Set([...form.elements].map((each) => each.name));
    for (const [name, text] of kept.answers) {
      if (names.has(name)) continue;
      const field = Object.assign(document.createElement("input"), { type: "hidden", name, value: text });
      form.append(field);
    }
    for (const name of names) {
      const isAnswer = name && !OF_THE_PAGE.has(name) && !name.startsWith("keep:");
      if (isAnswer && named(name).some((each) => each.type !== "submit")) put(name, textsOf(kept.answers, name));
    }
    for (const name of ["version", "page", "step"]) hidden(name).value = kept[name];
  }

  // What others wrote in fields that have not been touched since they were sent. False: a field is not on this page.
  function takeIn(others, sent) {
    let isWhole = true;
    const now = answers();
    for (const [name, texts] of Object.entries(others)) {
      if (!named(name).length) isWhole = isWhole && !texts.some((text) => text);
      else if (written(textsOf(now, name)) === written(textsOf(sent, name))) put(name, texts);
    }
    return isWhole;
  }

  // --- sending -----------------------------------------------------------------------------------------------------

  async function post(pairs, at, isLast = false) {
    const body = new URLSearchParams(pairs);
    body.append("csrf_token", hidden("csrf_token").value);
    for (const name of ["version", "page", "step"]) body.append(name, at[name]);
    for (const name of at.shown) body.append("shown", name);
    const stop = new AbortController();
    const patience = setTimeout(() => stop.abort(), PATIENCE);
    try {
      const answer = await fetch(words.keep, { method: "POST", body, signal: stop.signal, keepalive: isLast });
      const isRead = answer.ok ? await answer.json() : null;
      return { status: answer.status, ...isRead };
    } finally {
      clearTimeout(patience);
    }
  }

  // Somebody signed in again in another window: the same person goes on with the new token.
  async function isSignedInAgain() {
    const answer = await fetch(location.href);
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const there = page.getElementById("session-end");
    const token = page.querySelector("input[name=csrf_token]");
    if (!there || !token || there.dataset.account !== session.dataset.account) return false;
    for (const each of document.querySelectorAll("input[name=csrf_token]")) each.value = token.value;
    return true;
  }

  async function tried(pairs, at) {
    const answer = await post(pairs, at);
    return answer.status === 400 && (await isSignedInAgain()) ? post(pairs, at) : answer;
  }

  function later() {
    isFailing = true;
    say(keep() ? words.kept : words.open);
    schedule(wait);
    wait = Math.min(wait * 2, SELDOM);
    return "later";
  }

  async function attempt() {
    const sent = answers();
    if (isLeaving) return "saved";
    if (written(sent) === acknowledged) {
      forget();
      return "saved";
    }
    keep();
    hidden("step").value = Number(hidden("step").value) + 1;
    if (!isFailing) say(words.saving);
    let answer;
    try {
      answer = await tried(sent, basis());
    } catch {
      return later();
    }
    if (answer.status === 200) return acknowledge(answer, sent);
    if (answer.status === 429 || answer.status >= 500) return later();
    isFailing = true;
    if (answer.status === 400 || answer.status === 401) {
      keep();
      say(words.signedOut, words.sign, words.signIn);
      return "signed out";
    }
    say(words.impossible, words.again, location.href);
    return "impossible";
  }

  function acknowledge(answer, sent) {
    [wait, isFailing] = [SOON, false];
    const isUntouched = written(answers()) === written(sent);
    const isWhole = takeIn(answer.others, sent);
    hidden("version").value = answer.version;
    for (const name of answer.asked.filter((name) => !shown().includes(name))) {
      form.append(Object.assign(document.createElement("input"), { type: "hidden", name: "shown", value: name }));
    }
    acknowledged = written(isUntouched ? answers() : sent);
    if (isUntouched) forget();
    else keep();
    if (answer.asked.length || !isWhole) say(words.changed, words.again, location.href);
    else if (isUntouched) say(answer.said);
    document.dispatchEvent(new Event("fundapp:seen"));
    return answer.asked.length ? "asked" : "saved";
  }

  async function save() {
    clearTimeout(timer);
    while (sending) await sending;
    sending = attempt();
    const how = await sending;
    sending = null;
    if (pressed && how !== "later" && how !== "signed out") goOn();
    return how;
  }

  function schedule(after) {
    clearTimeout(timer);
    timer = setTimeout(save, after);
  }

  function goOn() {
    if (isLeaving) return;
    if (isDirty()) {
      schedule(0);
      return;
    }
    const { name, value } = pressed;
    isLeaving = true;
    form.append(Object.assign(document.createElement("input"), { type: "hidden", name, value }));
    form.submit();
  }

  function changed() {
    if (!isDirty() && !sending) return; // a "change" that follows what has been saved already
    pressed = null;
    keep();
    if (!isFailing) say(words.saving);
    schedule(isFailing ? wait : SOON);
  }

  async function bring(kept) {
    form.inert = true;
    say(words.saving);
    let answer = null;
    try {
      answer = await tried(kept.answers, kept);
    } catch {}
    form.inert = false;
    if (answer && answer.status === 200) {
      forget();
      if (answer.asked.length || String(answer.version) !== hidden("version").value) location.reload();
      else say(answer.said);
    } else if (answer && answer.status >= 400 && answer.status < 500 && answer.status !== 429) {
      say(words.impossible);
    } else {
      putBack(kept);
      later();
    }
  }

  for (const what of ["input", "change"]) form.addEventListener(what, changed);
  form.addEventListener("focusout", () => isDirty() && !isFailing && !isLeaving && save());
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    pressed = event.submitter || form.querySelector("button[type=submit]");
    if (isDirty()) save();
    else goOn();
  });
  document.addEventListener("submit", async (event) => {
    if (!event.target.action.endsWith("/sign-out") || !isDirty()) return;
    event.preventDefault();
    const how = await save();
    const isTold = how === "later" || (how === "signed out" && !wasSignedOut);
    wasSignedOut = how === "signed out"; // who presses again after being told so means it
    if (!isTold) {
      isLeaving = true;
      acknowledged = written(answers());
      event.target.requestSubmit();
    }
  });
  window.addEventListener("pageshow", (event) => event.persisted && location.reload());
  window.addEventListener("online", () => {
    wait = SOON;
    if (isDirty()) save();
  });
  document.addEventListener("visibilitychange", () => {
    if (!isDirty() || isLeaving) return;
    if (document.visibilityState === "visible") save();
    else keep();
  });
  window.addEventListener("pagehide", () => {
    if (!isDirty() || isLeaving) return;
    keep();
    hidden("step").value = Number(hidden("step").value) + 1;
    post(answers(), basis(), true).catch(() => {});
  });

  acknowledged = written(answers());
  const kept = left();
  if (kept) bring(kept);
})();
