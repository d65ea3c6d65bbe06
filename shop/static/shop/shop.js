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
// A change of a field named in data-updates brings what is marked data-updated up to date, and
// leaves the reader where they are. Without it, or if it fails, the form's own button does.
document.addEventListener("change", async (event) => {
  const form = event.target.form;
  if (!form || !form.matches("form[data-updates]")) return;
  if (!form.dataset.updates.split(" ").includes(event.target.name)) return;
  const said = new URLSearchParams(new FormData(form));
  const asked = String(said);
  form.dataset.asked = asked;
  said.set("update", "in place");
  const answer = await fetch(form.action, { method: "POST", body: said }).catch(() => null);
  if (!answer || !answer.ok || form.dataset.sent || form.dataset.asked !== asked) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const fresh = page.querySelectorAll("form[data-updates] [data-updated]");
  const shown = form.querySelectorAll("[data-updated]");
  if (fresh.length !== shown.length) return;
  shown.forEach((element, at) => element.replaceChildren(...fresh[at].childNodes));
});
// A page taken back out of the browser's cache may be sent again.
addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload();
});
