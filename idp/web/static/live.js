// A part of the page that is looked at again: it is fetched, and taken in where it differs.
"use strict";

const part = document.querySelector("[data-live]");

const look = async () => {
  const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
  if (!answer.ok || answer.redirected) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const found = page.getElementById(part.id);
  if (!found) return;
  if (found.textContent !== part.dataset.last) {
    part.dataset.last = found.textContent;
    part.replaceChildren(...found.childNodes);
  }
  if (page.querySelector("script[src*='live.js']")) setTimeout(look, 1000 * part.dataset.live);
};

part.dataset.last = part.textContent;
setTimeout(look, 1000 * part.dataset.live);
