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
  const prefix = `fundapp:${session.dataset.account}:${words.draft}`;
  const KEPT_FOR = 7 * 24 * 3600 * 1000;
  const [SOON, SELDOM, PATIENCE] = [1000, 60000, 15000];
  const OF_THE_PAGE = new Set(["csrf_token", "version", "page", "step", "shown", "next", "leave", "add"]);
  let acknowledged = "";  // the answers as the server last said that it has them
  let [timer, wait, sending, pressed] = [0, SOON, null, null];
  let isFailing = false;
  let isLeaving = false;
  let wasSignedOut = false;

  const hidden = (name) => form.elements.namedItem(name);
  // Each window keeps under its own page's name, so that none overwrites what another could not send.
  const key = `${prefix}:${hidden("page").value}`;
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

  // Whatever is kept or sent has a step of its own: another window may send what is kept here while this one goes on
  // writing, and the server must know which of the two is the later.
  function takeStep() {
    hidden("step").value = Number(hidden("step").value) + 1;
  }

  function keep() {
    if (session.dataset.keeps !== "yes") return false;
    takeStep();
    try {
      localStorage.setItem(key, JSON.stringify({ at: Date.now(), answers: answers(), ...basis() }));
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

  // Not where its own window has kept more meanwhile.
  function forgetThat({ name, text }) {
    try {
      if (localStorage.getItem(name) === text) localStorage.removeItem(name);
    } catch {}
  }

  // What the windows of this section have kept, the oldest first. An older script kept it without the page's name.
  function left() {
    const found = [];
    try {
      for (const name of Object.keys(localStorage)) {
        if (name !== prefix && !name.startsWith(`${prefix}:`)) continue;
        const text = localStorage.getItem(name);
        const kept = JSON.parse(text);
        if (kept && Date.now() - kept.at < KEPT_FOR) found.push({ ...kept, name, text });
        else forgetThat({ name, text });
      }
    } catch {}
    return found.sort((one, other) => one.at - other.at);
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
    // The version alone: the page's name and steps are its window's, which may still be open and go on.
    hidden("version").value = kept.version;
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
    takeStep();
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
    if (how === "impossible") pressed = null; // the server will say the same again: no going on, and no asking at once
    else if (pressed && how !== "later" && how !== "signed out") goOn();
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

  // Sends what a window kept, as that window's own; gives the server's answer, null where it is to be tried again.
  async function bring(kept) {
    let answer = null;
    try {
      answer = await tried(kept.answers, kept);
    } catch {}
    if (answer && answer.status === 200) forgetThat(kept);
    return !answer || answer.status === 429 || answer.status >= 500 ? null : answer;
  }

  async function bringAll(found) {
    form.inert = true;
    say(words.saving);
    const answers = [];
    for (const kept of found) {
      const answer = await bring(kept);
      if (!answer) break;
      answers.push(answer);
    }
    form.inert = false;
    if (answers.length < found.length) goOnWith(found.at(-1));
    else if (answers.some((each) => each.status === 200 && isNews(each))) location.reload();
    else say(answers.every((each) => each.status === 200) ? answers[0].said : words.impossible);
  }

  const isNews = (answer) => answer.asked.length > 0 || String(answer.version) !== hidden("version").value;

  // What cannot be sent now becomes this window's; what others kept before it waits until the section is opened again.
  function goOnWith(kept) {
    putBack(kept);
    if (keep()) forgetThat(kept);
    later();
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
    takeStep();
    post(answers(), basis(), true).catch(() => {});
  });

  acknowledged = written(answers());
  const found = left();
  if (found.length) bringAll(found);
})();
