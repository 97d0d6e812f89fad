// Dragging a row or a section by its handle, with a mouse, a pen or a finger. Without this the buttons do the same.
"use strict";

const moving = document.querySelector("form[data-moving]");
const moved = document.querySelector("[data-moved]");
const lists = [...document.querySelectorAll("[data-list]")];

// Where the row would come to lie. The row itself stays until it is let go: whoever is moved loses the pointer.
const slot = document.createElement("li");
slot.className = "slot";
slot.setAttribute("aria-hidden", "true");

const rows = (list, but) => [...list.querySelectorAll("[data-item]")].filter((row) => row !== but);

// The list at this height, or the one nearest to it: a finger may be between two.
const nearest = (y) => {
  const away = (list) => {
    const box = list.closest("section").getBoundingClientRect();
    return Math.max(box.top - y, y - box.bottom, 0);
  };
  return lists.reduce((best, list) => (away(list) < away(best) ? list : best));
};

const show = (item, y) => {
  const list = nearest(y);
  const next = rows(list, item).find((row) => {
    const box = row.getBoundingClientRect();
    return y < box.top + box.height / 2;
  });
  list.insertBefore(slot, next || null);
};

const send = (where) => {
  for (const [name, value] of Object.entries(where)) {
    const input = document.createElement("input");
    Object.assign(input, { type: "hidden", name, value });
    moving.append(input);
  }
  moving.submit();
};

const save = async (item) => {
  const next = item.nextElementSibling;
  const where = {
    application: item.dataset.item,
    section: item.parentNode.dataset.list,
    before: next ? next.dataset.item : "",
  };
  if (moving.dataset.moving === "page") { // the page is told by its version: it is loaded anew
    send(where);
    return;
  }
  const body = new URLSearchParams({ ...Object.fromEntries(new FormData(moving)), ...where });
  const answer = await fetch(moving.action, { method: "POST", body });
  if (answer.ok) moved.textContent = moved.dataset.moved;
  else location.reload();
};

// What a handle does while it is held: where it shows what it would come to, and what it does when it is let go.
const holds = (grip, item, { showAt, letGo, takeBack }) => {
  let dragged = false;
  const end = (keep) => {
    if (!dragged) return;
    dragged = false;
    item.classList.remove("dragged");
    (keep ? letGo : takeBack)();
  };
  grip.hidden = false;
  grip.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    event.preventDefault();
    grip.setPointerCapture(event.pointerId);
    dragged = true;
    moved.textContent = "";
    item.classList.add("dragged");
  });
  grip.addEventListener("pointermove", (event) => {
    if (!dragged) return;
    showAt(event.clientY);
    if (event.clientY < 60) scrollBy(0, -12);
    if (event.clientY > innerHeight - 60) scrollBy(0, 12);
  });
  grip.addEventListener("pointerup", () => end(true));
  grip.addEventListener("pointercancel", () => end(false));
  document.addEventListener("keydown", (event) => { if (event.key === "Escape") end(false); });
};

for (const grip of document.querySelectorAll("[data-grip]")) {
  const item = grip.closest("[data-item]");
  holds(grip, item, {
    showAt: (y) => show(item, y),
    takeBack: () => slot.remove(),
    letGo: () => {
      const at = slot.isConnected ? [slot.parentNode, slot.nextElementSibling] : [];
      slot.remove();
      const [list, before] = [item.parentNode, item.nextElementSibling];
      if (at.length) at[0].insertBefore(item, at[1] === item ? before : at[1]);
      if (item.parentNode !== list || item.nextElementSibling !== before) save(item);
    },
  });
}

const sections = [...document.querySelectorAll("[data-section]")];
const gap = document.createElement("div");
gap.className = "slot";
gap.setAttribute("aria-hidden", "true");

for (const grip of document.querySelectorAll("[data-section-grip]")) {
  const item = grip.closest("[data-section]");
  const others = sections.filter((one) => one !== item);
  holds(grip, item, {
    showAt: (y) => {
      const next = others.find((one) => {
        const box = one.getBoundingClientRect();
        return y < box.top + box.height / 2;
      });
      if (next) next.before(gap);
      else if (others.length) others[others.length - 1].after(gap);
    },
    takeBack: () => gap.remove(),
    letGo: () => {
      if (!gap.isConnected) return;
      const order = [...document.querySelectorAll("[data-section], .slot")];
      const next = order[order.indexOf(gap) + 1];
      const there = order[order.indexOf(item) + 1] === gap || order[order.indexOf(item) - 1] === gap;
      gap.remove();
      if (!there) send({ moved: item.dataset.section, before: next ? next.dataset.section : "" });
    },
  });
}
