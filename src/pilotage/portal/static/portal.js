// Keeps an open page fresh: asks whether the ledger has moved, and only then fetches the page anew and puts the
// changed regions in place. Nothing here is needed to read a page.
"use strict";
(() => {
  const EVERY = 5000;
  const status = document.getElementById("live-status");
  let head = document.documentElement.dataset.head;
  let busy = false;

  // A region is left alone while somebody is in it.
  const held = (region) => {
    const selection = window.getSelection();
    return region.contains(document.activeElement) ||
      (selection !== null && !selection.isCollapsed && region.contains(selection.anchorNode));
  };

  const swap = (region, fresh) => {
    const opened = [...region.querySelectorAll("details[id]")];
    for (const old of opened) {
      const now = fresh.querySelector("#" + CSS.escape(old.id));
      if (now) now.open = old.open;
    }
    if (!region.isEqualNode(fresh)) region.replaceWith(document.adoptNode(fresh));
  };

  const look = async () => {
    if (busy || document.visibilityState !== "visible" || !head) return;
    busy = true;
    try {
      const answer = await fetch("/portal/head", { cache: "no-cache" });
      if (!answer.ok) return;
      const now = await answer.text();
      if (now === head) return;
      const page = await fetch(location.href, { cache: "no-store" });
      if (!page.ok) return;
      const fresh = new DOMParser().parseFromString(await page.text(), "text/html");
      let waiting = false;
      for (const region of document.querySelectorAll("[data-live]")) {
        const next = fresh.getElementById(region.id);
        if (next === null) continue;
        if (held(region)) waiting = true;
        else swap(region, next);
      }
      if (!waiting) head = now;
      if (status) status.textContent = "Updated just now.";
    } catch {
      // The server is away; the next look finds out whether it is back.
    } finally {
      busy = false;
    }
  };

  setInterval(look, EVERY);
  document.addEventListener("visibilitychange", look);
})();
