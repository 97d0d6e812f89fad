// A service provider made with @node-saml/node-saml. Reads one JSON object a line, answers each with one:
// {"call": name of a function below, ...its arguments} -> {"value": ...} or {"error": what went wrong}.
"use strict";

const { createInterface } = require("node:readline");
const { SAML } = require("@node-saml/node-saml");

let saml = null;
let settings = null;

const calls = {
  configure: ({ options }) => {
    settings = options;
    saml = new SAML(options);
    return null;
  },
  metadata: () =>
    saml.generateServiceProviderMetadata(settings.decryptionPvk ? settings.publicCert : null, settings.publicCert),
  login: ({ relayState }) => saml.getAuthorizeUrlAsync(relayState, undefined, {}),
  loginForm: ({ relayState }) => saml.getAuthorizeMessageAsync(relayState, undefined, {}),
  response: ({ form }) => saml.validatePostResponseAsync(form),
  logout: ({ profile, relayState }) => saml.getLogoutUrlAsync(profile, relayState, {}),
  logoutRedirect: ({ query }) => saml.validateRedirectAsync(Object.fromEntries(new URLSearchParams(query)), query),
  logoutForm: ({ form }) => saml.validatePostRequestAsync(form),
  logoutAnswer: ({ profile, relayState, success }) =>
    saml.getLogoutResponseUrlAsync(profile, relayState, {}, success),
};

async function answered(line) {
  try {
    const asked = JSON.parse(line);
    return { value: await calls[asked.call](asked) };
  } catch (error) {
    return { error: String(error.message || error) };
  }
}

(async () => {
  for await (const line of createInterface({ input: process.stdin })) {
    process.stdout.write(JSON.stringify(await answered(line)) + "\n");
  }
})();
