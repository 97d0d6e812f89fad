// Small comforts. Every page works without them.
"use strict";

// Times in the reader's own zone and language; the exact instant stays in the tooltip.
const language = document.documentElement.lang === "en" ? undefined : document.documentElement.lang;
const spoken = new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "short" });
const hour = new Intl.DateTimeFormat(language, { timeStyle: "short" });
for (const time of document.querySelectorAll("time[datetime]")) {
  time.textContent = ("hour" in time.dataset ? hour : spoken).format(new Date(time.dateTime));
}

// Where tabs are one long row, the one where one is can be seen.
for (const here of document.querySelectorAll(".tabs [aria-current], .ways [aria-current]")) {
  const row = here.closest("ul, ol");
  if (row.scrollWidth > row.clientWidth) here.scrollIntoView({ inline: "center", block: "nearest" });
}

// Show or hide a password while it is typed.
for (const button of document.querySelectorAll("button[data-reveal]")) {
  const input = document.getElementById(button.dataset.reveal);
  const [show, hide] = [button.textContent, button.dataset.shown];
  const set = (visible) => {
    input.type = visible ? "text" : "password";
    button.textContent = visible ? hide : show;
    button.setAttribute("aria-pressed", String(visible));
  };
  button.hidden = false;
  button.addEventListener("click", () => set(input.type === "password"));
  input.form.addEventListener("submit", () => set(false));
}

// Copy a value; the button itself says that it is done.
if (navigator.clipboard) {
  for (const button of document.querySelectorAll("button[data-copy]")) {
    const label = button.textContent;
    button.hidden = false;
    button.setAttribute("aria-live", "polite");
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(button.dataset.copy);
      button.textContent = button.dataset.done;
      setTimeout(() => { button.textContent = label; }, 2000);
    });
  }
}

for (const button of document.querySelectorAll("button[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
}
