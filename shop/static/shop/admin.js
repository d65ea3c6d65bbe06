// Names for the parts of a page of the back office that scroll; Unfold's are all called alike.
document.addEventListener("DOMContentLoaded", () => {
  document.querySelectorAll("[data-simplebar]").forEach((part, index) => {
    const kind = part.closest("nav") ? "Links" : part.querySelector("table") ? "Table" : "Part";
    part.dataset.simplebarAriaLabel = `${kind} ${index + 1}`;
  });
});
// The hints beside a list to choose from are pictures with a name; Django does not say so.
addEventListener("pageshow", () => {
  document.querySelectorAll(".help-tooltip[aria-label]").forEach((hint) => { hint.role = "img"; });
});
// What is marked data-looks-again is brought up to date every so many seconds, until it comes
// without the mark. Whoever is at one of its links stays there.
const lookAgain = async (part) => {
  const answer = document.hidden ? null : await fetch(location.href).catch(() => null);
  if (answer && answer.ok) {
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = page.getElementById(part.id);
    if (!fresh) return;
    const at = part.contains(document.activeElement) && document.activeElement.href;
    part.replaceChildren(...fresh.childNodes);
    if (at) [...part.querySelectorAll("a")].find((link) => link.href === at)?.focus();
    if (!fresh.dataset.looksAgain) return;
  }
  setTimeout(lookAgain, 1000 * part.dataset.looksAgain, part);
};
document.addEventListener("DOMContentLoaded", () => {
  document.querySelectorAll("[data-looks-again]").forEach((part) => {
    setTimeout(lookAgain, 1000 * part.dataset.looksAgain, part);
  });
});
