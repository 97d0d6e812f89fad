// Leads on to the next step after as many seconds as its link says. Without scripts the page does so by itself.
"use strict";

const onward = document.querySelector("a[data-after]");

if (onward) setTimeout(() => location.replace(onward.href), 1000 * onward.dataset.after);
