// Finding while typing, and progress that moves by itself. Every page works without.
"use strict";

const finder = document.querySelector("[data-finder]");

if (finder) {
  const field = finder.querySelector("input");
  const hits = finder.querySelector("[data-hits]");
  let asked = 0;
  let waiting;

  const close = () => { hits.hidden = true; };
  const show = async () => {
    const mine = ++asked;
    const words = field.value.trim();
    if (!words) { close(); return; }
    const address = new URL(finder.action);
    address.search = new URLSearchParams({ q: words, live: "1" });
    const answer = await fetch(address, { headers: { Accept: "text/html" }, redirect: "error" }).catch(() => null);
    if (mine !== asked || !answer || !answer.ok) return; // something newer was asked, or the form still works
    const found = new DOMParser().parseFromString(await answer.text(), "text/html");
    hits.replaceChildren(...found.body.children);
    hits.hidden = false;
  };

  field.addEventListener("input", () => { clearTimeout(waiting); waiting = setTimeout(show, 120); });
  finder.addEventListener("focusout", (event) => { if (!finder.contains(event.relatedTarget)) close(); });
  finder.addEventListener("keydown", (event) => {
    if (event.key === "Escape") { close(); field.focus(); return; }
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
    const stops = [field, ...(hits.hidden ? [] : hits.querySelectorAll("a"))];
    const next = stops[stops.indexOf(document.activeElement) + (event.key === "ArrowDown" ? 1 : -1)];
    if (next) { event.preventDefault(); next.focus(); }
  });
  document.addEventListener("keydown", (event) => {
    const typing = event.target instanceof HTMLElement && event.target.closest("input, textarea, select, [contenteditable]");
    if (event.key !== "/" || typing || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    field.focus();
    field.select();
  });
}

const run = document.querySelector("[data-run]");

if (run) {
  // Without scripts the page loads itself anew; here only what has moved is put in its place, so that nobody loses
  // their reading.
  const again = async () => {
    const answer = await fetch(location.href, { redirect: "error" }).catch(() => null);
    if (!answer || !answer.ok) { setTimeout(again, 10000); return; }
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("[data-run]");
    if (!fresh || !("open" in fresh.dataset)) { location.reload(); return; }
    run.replaceChildren(...fresh.children);
    setTimeout(again, 2000);
  };
  if ("open" in run.dataset) setTimeout(again, 2000);
}
