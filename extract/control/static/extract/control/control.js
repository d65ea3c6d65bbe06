// Looks again at what changes on the page, as often as the server has something new to say, and
// changes only what is new: what has the focus keeps it, and what is marked stays marked.
(() => {
  "use strict";
  const place = document.querySelector("[data-control]");
  const note = document.querySelector("[data-control-note]");
  if (!place) return;
  let etag = "";
  let timer = 0;
  let failures = 0;

  const same = (a, b) => a.nodeType === b.nodeType && a.nodeName === b.nodeName && a.id === b.id;

  function change(old, next) {
    if (old.nodeType !== Node.ELEMENT_NODE) {
      if (old.data !== next.data) old.data = next.data;
      return;
    }
    for (const { name } of [...old.attributes]) {
      if (!next.hasAttribute(name)) old.removeAttribute(name);
    }
    for (const { name, value } of next.attributes) {
      if (old.getAttribute(name) !== value) old.setAttribute(name, value);
    }
    children(old, next);
  }

  function children(old, next) {
    const named = new Map([...old.children].filter((each) => each.id).map((each) => [each.id, each]));
    let at = old.firstChild;
    for (const wanted of [...next.childNodes]) {
      let found = wanted.id ? named.get(wanted.id) : at;
      if (found && found === at && same(found, wanted)) {
        at = at.nextSibling;
        change(found, wanted);
      } else if (found && wanted.id && same(found, wanted)) {
        old.insertBefore(found, at);
        change(found, wanted);
      } else {
        old.insertBefore(wanted, at);
      }
    }
    while (at) {
      const following = at.nextSibling;
      at.remove();
      at = following;
    }
  }

  function say(text) {
    if (note && note.textContent !== text) note.textContent = text;
  }

  async function look() {
    let again = 2000;
    try {
      const headers = etag ? { "If-None-Match": etag } : {};
      const answer = await fetch(place.dataset.control, { headers, cache: "no-store" });
      if (answer.redirected || answer.status === 403) {
        say("You are signed out: load the page anew.");
        return;
      }
      if (answer.status === 200) {
        const { html } = await answer.json();
        const fresh = document.createElement("template");
        fresh.innerHTML = html;
        children(place, fresh.content);
        etag = answer.headers.get("ETag") || "";
      } else if (answer.status !== 304) {
        throw new Error(answer.status);
      }
      again = Number(answer.headers.get("X-Look-Again")) || again;
      failures = 0;
      say("live");
    } catch {
      failures += 1;
      again = Math.min(1000 * 2 ** failures, 15000);
      say("The page does not answer now; what you see is from before.");
    }
    schedule(again);
  }

  function schedule(milliseconds) {
    clearTimeout(timer);
    if (!document.hidden) timer = setTimeout(look, milliseconds);
  }

  document.addEventListener("visibilitychange", () => {
    if (document.hidden) say("paused");
    schedule(0);
  });
  schedule(1000);
})();
