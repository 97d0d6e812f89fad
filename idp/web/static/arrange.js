// Dragging a row by its handle, with a mouse, a pen or a finger. Without this the buttons do the same.
"use strict";

const moving = document.querySelector("form[data-moving]");
const moved = document.querySelector("[data-moved]");
const lists = [...document.querySelectorAll("[data-list]")];

const rows = (list) => [...list.querySelectorAll("[data-item]")];
const middle = (box) => box.top + box.height / 2;

// The list at this height, or the one nearest to it: a finger may be between two.
const nearest = (y) => {
  const away = (box) => Math.max(box.top - y, y - box.bottom, 0);
  return lists
    .map((list) => [list, away(list.closest("section").getBoundingClientRect())])
    .sort(([, one], [, other]) => one - other)[0][0];
};

const place = (item, y) => {
  const list = nearest(y);
  const next = rows(list).find((row) => row !== item && y < middle(row.getBoundingClientRect()));
  if (item.parentNode !== list || item.nextElementSibling !== (next || null)) list.insertBefore(item, next || null);
};

const save = async (item) => {
  const next = item.nextElementSibling;
  const body = new URLSearchParams({
    ...Object.fromEntries(new FormData(moving)),
    application: item.dataset.item,
    section: item.parentNode.dataset.list,
    before: next ? next.dataset.item : "",
  });
  const answer = await fetch(moving.action, { method: "POST", body, redirect: "follow" });
  if (!answer.ok) { location.reload(); return; }
  moved.textContent = moved.dataset.moved;
};

for (const grip of document.querySelectorAll("[data-grip]")) {
  const item = grip.closest("[data-item]");
  let from = null;
  grip.hidden = false;
  grip.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    event.preventDefault();
    grip.setPointerCapture(event.pointerId);
    from = [item.parentNode, item.nextElementSibling];
    item.classList.add("dragged");
  });
  grip.addEventListener("pointermove", (event) => {
    if (!from) return;
    place(item, event.clientY);
    if (event.clientY < 60) scrollBy(0, -12);
    if (event.clientY > innerHeight - 60) scrollBy(0, 12);
  });
  const end = (keep) => {
    if (!from) return;
    const [list, next] = from;
    from = null;
    item.classList.remove("dragged");
    if (!keep) list.insertBefore(item, next);
    else if (item.parentNode !== list || item.nextElementSibling !== next) save(item);
  };
  grip.addEventListener("pointerup", () => end(true));
  grip.addEventListener("pointercancel", () => end(false));
  document.addEventListener("keydown", (event) => { if (event.key === "Escape") end(false); });
}
