// Goes on as soon as the applications in the hidden frames have loaded, or had their time. Without scripts the page
// goes on by itself too, but browsers count from when everything has loaded: one that never does leaves the button.
"use strict";

const on = document.querySelector("a[data-within]");
const GRACE = 500; // for what their pages do once they have loaded

if (on) {
  const goOn = () => location.replace(on.href);
  const loaded = () => setTimeout(goOn, GRACE);
  setTimeout(goOn, on.dataset.within * 1000);
  if (document.readyState === "complete") loaded();
  else window.addEventListener("load", loaded);
}
