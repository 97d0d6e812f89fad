// Says while a new password is typed how hard it is to guess, and what it lacks. The server judges; it keeps nothing.
"use strict";

for (const box of document.querySelectorAll("[data-score]")) {
  const input = document.getElementById(box.dataset.of);
  const [meter, words] = [box.querySelector("meter"), box.querySelector("p")];
  let timer, asked;

  const say = (value, text) => {
    meter.value = value;
    words.textContent = text;
  };

  const judge = async () => {
    const typed = input.value;
    if (!typed) return say(0, "");
    const form = new URLSearchParams({ csrf_token: input.form.elements.csrf_token.value, [input.name]: typed });
    asked = new AbortController();
    try {
      const answer = await fetch(box.dataset.score, { method: "POST", body: form, signal: asked.signal, redirect: "error" });
      if (!answer.ok) return say(0, "");
      const found = await answer.json();
      if (input.value === typed) say(found.score + 1, [found.label, ...found.reasons].join(" "));
    } catch {
      // Gone on typing, or no answer: the server judges what is sent, anyway.
    }
  };

  box.hidden = false;
  input.addEventListener("input", () => {
    clearTimeout(timer);
    asked?.abort();
    timer = setTimeout(judge, 350);
  });
}
