// Passkeys and security keys (WebAuthn level 3). A form with data-passkey asks our server for a challenge, lets the
// browser's authenticator answer it, and is then sent like any other form: credential, or the problem that there was.
"use strict";

const LATEST = 240000; // a challenge is good for five minutes
const forms = [...document.querySelectorAll("form[data-passkey]")];
let waiting = null; // what ends the ceremony that waits for the person to choose among suggestions

const octets = (text) => {
  const plain = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(plain, (character) => character.charCodeAt(0));
};
const text = (buffer) => {
  const plain = String.fromCharCode(...new Uint8Array(buffer));
  return btoa(plain).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
};

const named = (list) => (list || []).map((one) => ({ ...one, id: octets(one.id) }));

const options = async (form) => {
  const answer = await fetch(form.dataset.options, {
    method: "POST",
    body: new URLSearchParams({ csrf_token: form.elements.csrf_token.value }),
  });
  if (answer.status === 429) throw new DOMException("", "Busy");
  if (!answer.ok || answer.redirected) throw new DOMException("", "Again");
  const asked = await answer.json();
  asked.challenge = octets(asked.challenge);
  if (asked.user) asked.user.id = octets(asked.user.id);
  if (asked.excludeCredentials) asked.excludeCredentials = named(asked.excludeCredentials);
  if (asked.allowCredentials) asked.allowCredentials = named(asked.allowCredentials);
  return asked;
};

const written = (credential) => {
  const from = credential.response;
  const response = { clientDataJSON: text(from.clientDataJSON) };
  if (from.attestationObject) {
    response.attestationObject = text(from.attestationObject);
    response.transports = from.getTransports ? from.getTransports() : [];
  } else {
    response.authenticatorData = text(from.authenticatorData);
    response.signature = text(from.signature);
    if (from.userHandle && from.userHandle.byteLength) response.userHandle = text(from.userHandle);
  }
  return JSON.stringify({
    id: credential.id,
    rawId: text(credential.rawId),
    type: credential.type,
    response,
    clientExtensionResults: credential.getClientExtensionResults(),
  });
};

const send = (form, field, value) => {
  form.elements[field].value = value;
  form.submit();
};

const start = async (form) => {
  if (waiting) waiting.abort();
  const button = form.querySelector("button[type=submit]");
  button.setAttribute("aria-disabled", "true");
  const begun = performance.now();
  let timeout = Infinity;
  try {
    if (!window.PublicKeyCredential) throw new DOMException("", "NotSupportedError");
    const publicKey = await options(form);
    timeout = publicKey.timeout;
    const made = form.dataset.passkey === "create"
      ? await navigator.credentials.create({ publicKey })
      : await navigator.credentials.get({ publicKey });
    send(form, "credential", written(made));
  } catch (error) {
    if (error.name === "Again") return location.assign(form.dataset.again);
    const late = error.name === "NotAllowedError" && performance.now() - begun >= timeout;
    send(form, "problem", late ? "TimeoutError" : error.name);
  }
};

// The browser suggests passkeys where the e-mail address is typed, and nobody need press anything.
const suggest = async (form) => {
  const api = window.PublicKeyCredential;
  if (!api || !api.isConditionalMediationAvailable || !await api.isConditionalMediationAvailable()) return;
  const publicKey = await options(form);
  const ends = new AbortController();
  waiting = ends;
  const anew = setTimeout(() => { ends.abort(); suggest(form).catch(() => {}); }, LATEST);
  try {
    const made = await navigator.credentials.get({ publicKey, mediation: "conditional", signal: ends.signal });
    send(form, "credential", written(made));
  } finally {
    clearTimeout(anew);
  }
};

const begin = () => {
  for (const form of forms) {
    form.elements.credential.value = form.elements.problem.value = "";
    form.querySelector("button[type=submit]").removeAttribute("aria-disabled");
    if ("suggest" in form.dataset) suggest(form).catch(() => {}); // it is a comfort; the button says what is wrong
  }
};

for (const form of forms) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (!form.querySelector("button[type=submit]").hasAttribute("aria-disabled")) start(form);
  });
}
window.addEventListener("pageshow", (event) => { if (event.persisted) begin(); });
begin();
