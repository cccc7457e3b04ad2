/* A file of the list that grows: every two seconds the page is asked how far it is. Without this, "Look again" asks. */
(() => {
  "use strict";
  const shown = document.getElementById("list-file");
  const look = async () => {
    try {
      const answer = await fetch(location.href);
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const now = answer.ok && page.getElementById("list-file");
      if (now) {
        shown.replaceChildren(...now.childNodes);
        if (!("growing" in now.dataset)) return;
      }
    } catch {
      /* The line is gone for a moment. */
    }
    setTimeout(look, 2000);
  };
  if (shown && "growing" in shown.dataset) setTimeout(look, 2000);
})();
