// A form marked data-once is sent once: its button rests until the answer is there.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.matches("form[data-once]")) return;
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "yes";
  const button = event.submitter || form.querySelector("button[type=submit]");
  if (button) {
    button.setAttribute("aria-disabled", "true");
    button.textContent = button.dataset.busy || button.textContent;
  }
});
// A page taken back out of the browser's cache may be sent again.
addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload();
});
