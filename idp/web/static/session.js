// The frame by which an application asks whether its session is still the one that it knows
// (OpenID Connect Session Management 1.0 section 3.2). It answers "unchanged" only to what it has proven.
"use strict";

const cookie = document.documentElement.dataset.cookie;

// Where the browser keeps our cookies from a frame, nothing is known: "changed" would send the application round
// in circles (section 5.1), and "unchanged" would be a lie.
const readable = async () => !document.hasStorageAccess || await document.hasStorageAccess();

const state = () => {
  const held = document.cookie.split("; ").find((pair) => pair.startsWith(`${cookie}=`));
  return held ? held.slice(cookie.length + 1) : "";
};

const hashed = async (text) => {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return [...new Uint8Array(digest)].map((octet) => octet.toString(16).padStart(2, "0")).join("");
};

const answer = async (said, origin) => {
  const parts = typeof said === "string" ? said.split(" ") : [];
  const [clientId, sessionState] = parts;
  if (parts.length !== 2 || !clientId || !/^[0-9a-f]{64}\.[\w-]+$/.test(sessionState)) return "error";
  if (!crypto.subtle || !await readable()) return "error";
  const now = state();
  if (!now) return "changed";
  const salt = sessionState.slice(65);
  return `${await hashed(`${clientId} ${origin} ${now} ${salt}`)}.${salt}` === sessionState ? "unchanged" : "changed";
};

window.addEventListener("message", async (event) => {
  if (!event.source || !/^https?:/.test(event.origin)) return;
  let word = "error";
  try {
    word = await answer(event.data, event.origin);
  } finally {
    event.source.postMessage(word, event.origin);
  }
});
