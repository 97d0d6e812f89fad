// Finding a tile while typing, and walking among tiles with the arrow keys.
"use strict";

const field = document.querySelector('.search input[name="q"]');
const tiles = [...document.querySelectorAll("[data-tile]")];
const none = document.querySelector("[data-none]");
const found = document.querySelector("[data-found]");

const shown = () => tiles.filter((tile) => !tile.hidden);
const folded = (text) => text.normalize("NFKD").replace(/\p{Mn}/gu, "").toLocaleLowerCase();

if (field) {
  field.addEventListener("input", () => {
    const words = folded(field.value).split(/\s+/).filter(Boolean);
    for (const tile of tiles) {
      const text = folded(tile.textContent);
      tile.hidden = !words.every((word) => text.includes(word));
    }
    for (const shelf of document.querySelectorAll(".shelf")) {
      const twice = "extra" in shelf.dataset && words.length > 0; // its tiles are found in their own places
      for (const tile of twice ? shelf.querySelectorAll("[data-tile]") : []) tile.hidden = true;
      shelf.hidden = !shelf.querySelector("[data-tile]:not([hidden])");
    }
    const count = shown().length;
    none.hidden = count > 0 || tiles.length === 0;
    found.textContent = `${found.dataset.found} ${count}`;
  });
}

document.addEventListener("keydown", (event) => {
  if (event.key === "/" && field && !(event.target instanceof HTMLInputElement)) {
    event.preventDefault();
    field.focus();
    return;
  }
  if (!["ArrowDown", "ArrowUp", "ArrowRight", "ArrowLeft"].includes(event.key)) return;
  const links = shown().map((tile) => tile.querySelector("a")).filter(Boolean);
  const at = links.indexOf(document.activeElement);
  if (at < 0 && !(document.activeElement === field && event.key === "ArrowDown")) return;
  const across = Math.max(1, links.filter((link) => link.offsetParent.offsetTop === links[0].offsetParent.offsetTop).length);
  const rightToLeft = getComputedStyle(document.body).direction === "rtl";
  const step = { ArrowDown: across, ArrowUp: -across, ArrowRight: rightToLeft ? -1 : 1, ArrowLeft: rightToLeft ? 1 : -1 }[event.key];
  const next = at < 0 ? 0 : at + step;
  event.preventDefault();
  if (next < 0 && field) field.focus();
  else if (links[next]) links[next].focus();
});

// Nobody signs on to a bookmark: that it was opened is known only if this says so, as the browser goes there.
const noted = document.querySelector("form[data-opened]");
for (const link of document.querySelectorAll("a[data-bookmark]")) {
  const say = () => {
    const sent = new FormData(noted);
    sent.set("application", link.dataset.bookmark);
    navigator.sendBeacon(noted.dataset.opened, new URLSearchParams(sent));
  };
  link.addEventListener("click", say);
  link.addEventListener("auxclick", (event) => { if (event.button === 1) say(); });
}
