// On a page that asks for a passkey or makes one: the device signs what the server asks, and the form takes the answer.
"use strict";
(() => {
  function tell(form, text) {
    let line = form.querySelector(".told");
    if (!line) {
      line = Object.assign(document.createElement("p"), { className: "told" });
      line.setAttribute("role", "alert");
      form.append(line);
    }
    line.textContent = text;
  }

  async function ask(box, form) {
    const body = new URLSearchParams({ csrf_token: form.elements.csrf_token.value });
    const answer = await fetch(box.dataset.challenge, { method: "POST", body });
    if (!answer.ok) throw new Error(answer.status);
    const options = await answer.json();
    const shown = box.dataset.passkey === "create"
      ? await navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options) })
      : await navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options) });
    return JSON.stringify(shown.toJSON());
  }

  for (const box of document.querySelectorAll("[data-passkey]")) {
    const form = box.querySelector("form");
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      try {
        form.elements.credential.value = await ask(box, form);
      } catch {
        tell(form, box.dataset.failed);
        return;
      }
      form.submit();
    });
  }
})();
