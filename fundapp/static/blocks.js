// Text blocks without asking the server: what is chosen goes in where the caret was. Without this script the button
// sends the form, and the server gives it back with the text in it.
(() => {
  const choice = document.getElementById("block");
  const button = document.getElementById("insert-block");
  if (!choice || !button) return;
  const shown = document.getElementById("block-shown");

  const text = () => choice.selectedOptions[0]?.dataset.text || "";
  const place = () => {
    const named = button.form.querySelector(`[name="${document.getElementsByName("block_field")[0].value}"]`);
    return named;
  };

  choice.addEventListener("change", () => {
    shown.textContent = text();
    shown.hidden = !text();
  });

  button.addEventListener("click", (event) => {
    const field = place();
    if (!text() || !field) return; // the server says what is missing
    event.preventDefault();
    const at = document.activeElement === field || field.selectionStart ? field.selectionStart : field.value.length;
    const before = field.value.slice(0, at).trimEnd();
    const after = field.value.slice(field.selectionEnd > at ? field.selectionEnd : at).trimStart();
    const start = before ? `${before}\n\n` : "";
    field.value = start + text() + (after ? `\n\n${after}` : "");
    const caret = start.length + text().length;
    field.focus();
    field.setSelectionRange(caret, caret);
    field.dispatchEvent(new Event("input", { bubbles: true }));
  });
})();
