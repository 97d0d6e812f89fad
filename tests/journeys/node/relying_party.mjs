// Relying parties made with openid-client and with oauth4webapi. Reads one JSON object a line, answers each with
// one: {"call": name of a function below, ...its arguments} -> {"value": ...} or {"error": what went wrong}.
import { createInterface } from "node:readline";
import { createPrivateKey, webcrypto } from "node:crypto";

globalThis.crypto ??= webcrypto; // Node 18 has it under another name

const client = await import("openid-client");
const oauth = await import("oauth4webapi");

const parties = new Map(); // of openid-client, by the name that the tests give them
const insecure = { [oauth.allowInsecureRequests]: true };

const ALGORITHMS = {
  RS256: { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" },
  PS256: { name: "RSA-PSS", hash: "SHA-256" },
  ES256: { name: "ECDSA", namedCurve: "P-256" },
  "RSA-OAEP-256": { name: "RSA-OAEP", hash: "SHA-256" },
};

function imported(pem, algorithm, usage) {
  const der = createPrivateKey(pem).export({ format: "der", type: "pkcs8" });
  return crypto.subtle.importKey("pkcs8", der, ALGORITHMS[algorithm], false, [usage]);
}

async function authentication({ method, secret, key, keyId, algorithm }) {
  if (method === "none") return client.None();
  if (method === "client_secret_post") return client.ClientSecretPost(secret);
  if (method === "private_key_jwt") {
    return client.PrivateKeyJwt({ key: await imported(key, algorithm, "sign"), kid: keyId });
  }
  return client.ClientSecretBasic(secret);
}

const of = (name) => parties.get(name);
const dpop = (party, on) => (on ? { DPoP: party.handle } : undefined);
const plain = (tokens) => ({ ...tokens, claims: tokens.id_token ? tokens.claims() : null, expires: tokens.expiresIn?.() });

const calls = {
  // openid-client
  async discover({ name, issuer, clientId, metadata, auth, use = [], decrypt = null, ahead = 0 }) {
    metadata = { ...metadata, [client.clockSkew]: ahead }; // the clock of the tests stands somewhere else
    const execute = [client.allowInsecureRequests, client.enableNonRepudiationChecks];
    if (use.includes("code id_token")) execute.push(client.useCodeIdTokenResponseType);
    if (use.includes("id_token")) execute.push(client.useIdTokenResponseType);
    const config = await client.discovery(new URL(issuer), clientId, metadata, await authentication(auth), { execute });
    if (decrypt) {
      const key = await imported(decrypt.key, decrypt.algorithm, "decrypt");
      client.enableDecryptingResponses(config, decrypt.methods, { key, alg: decrypt.algorithm, kid: decrypt.keyId });
    }
    const pair = await client.randomDPoPKeyPair("ES256");
    parties.set(name, { config, handle: client.getDPoPHandle(config, pair) });
    return config.serverMetadata();
  },
  async register({ name, issuer, metadata, initialToken = null }) {
    const options = { execute: [client.allowInsecureRequests, client.enableNonRepudiationChecks] };
    if (initialToken) options.initialAccessToken = initialToken;
    const config = await client.dynamicClientRegistration(new URL(issuer), metadata, undefined, options);
    const pair = await client.randomDPoPKeyPair("ES256");
    parties.set(name, { config, handle: client.getDPoPHandle(config, pair) });
    return config.clientMetadata();
  },
  async begin({ name, parameters, pushed = false, signedBy = null, bound = false }) {
    const { config, handle } = of(name);
    const party = of(name);
    party.checks = { expectedState: client.randomState(), expectedNonce: client.randomNonce() };
    party.checks.pkceCodeVerifier = client.randomPKCECodeVerifier();
    const sent = {
      state: party.checks.expectedState,
      nonce: party.checks.expectedNonce,
      code_challenge: await client.calculatePKCECodeChallenge(party.checks.pkceCodeVerifier),
      code_challenge_method: "S256",
      ...parameters,
    };
    if (bound) sent.dpop_jkt = await handle.calculateThumbprint();
    if (signedBy) {
      const key = await imported(signedBy.key, signedBy.algorithm, "sign");
      return (await client.buildAuthorizationUrlWithJAR(config, sent, { key, kid: signedBy.keyId })).href;
    }
    if (pushed) return (await client.buildAuthorizationUrlWithPAR(config, sent, dpop(party, bound))).href;
    return client.buildAuthorizationUrl(config, sent).href;
  },
  async finish({ name, back, form = null, parameters = {}, bound = false, noNonce = false }) {
    const party = of(name);
    const checks = { ...party.checks, idTokenExpected: true };
    if (noNonce) delete checks.expectedNonce;
    const at = form
      ? new Request(back, { method: "POST", body: new URLSearchParams(form) })
      : new URL(back);
    return plain(await client.authorizationCodeGrant(party.config, at, checks, parameters, dpop(party, bound)));
  },
  async implicit({ name, back }) {
    const { config, checks } = of(name);
    const { expectedNonce, expectedState } = checks;
    return client.implicitAuthentication(config, new URL(back), expectedNonce, { expectedState });
  },
  async refresh({ name, token, parameters = {}, bound = false }) {
    return plain(await client.refreshTokenGrant(of(name).config, token, parameters, dpop(of(name), bound)));
  },
  async clientCredentials({ name, parameters = {}, bound = false }) {
    return client.clientCredentialsGrant(of(name).config, parameters, dpop(of(name), bound));
  },
  async userinfo({ name, token, subject, bound = false }) {
    return client.fetchUserInfo(of(name).config, token, subject, dpop(of(name), bound));
  },
  async introspect({ name, token }) {
    return client.tokenIntrospection(of(name).config, token);
  },
  async revoke({ name, token }) {
    await client.tokenRevocation(of(name).config, token);
  },
  async logoutAddress({ name, parameters }) {
    return client.buildEndSessionUrl(of(name).config, parameters).href;
  },
  async device({ name, parameters }) {
    of(name).device = await client.initiateDeviceAuthorization(of(name).config, parameters);
    return of(name).device;
  },
  async poll({ name }) {
    const { config, device } = of(name);
    return plain(await client.pollDeviceAuthorizationGrant(config, device));
  },

  // oauth4webapi: the same road, step by step, each answer checked by its own code
  async walk({ issuer, clientId, secret, redirectUri, scope }) {
    const found = await oauth.discoveryRequest(new URL(issuer), insecure);
    const as = await oauth.processDiscoveryResponse(new URL(issuer), found);
    const verifier = oauth.generateRandomCodeVerifier();
    const state = oauth.generateRandomState();
    const nonce = oauth.generateRandomNonce();
    parties.set(clientId, { as, verifier, state, nonce, secret, redirectUri });
    const address = new URL(as.authorization_endpoint);
    address.search = new URLSearchParams({
      client_id: clientId,
      redirect_uri: redirectUri,
      response_type: "code",
      scope,
      state,
      nonce,
      code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
      code_challenge_method: "S256",
    });
    return address.href;
  },
  async arrive({ clientId, back }) {
    const { as, verifier, state, nonce, secret, redirectUri } = parties.get(clientId);
    const me = { client_id: clientId };
    const proof = secret ? oauth.ClientSecretPost(secret) : oauth.None();
    const parameters = oauth.validateAuthResponse(as, me, new URL(back), state);
    const answer = await oauth.authorizationCodeGrantRequest(as, me, proof, parameters, redirectUri, verifier, insecure);
    const tokens = await oauth.processAuthorizationCodeResponse(as, me, answer, {
      expectedNonce: nonce,
      requireIdToken: true,
    });
    const claims = oauth.getValidatedIdTokenClaims(tokens);
    await oauth.validateApplicationLevelSignature(as, answer, insecure);
    const about = await oauth.userInfoRequest(as, me, tokens.access_token, insecure);
    const person = await oauth.processUserInfoResponse(as, me, claims.sub, about);
    return { tokens, claims, person };
  },
};

async function answered(line) {
  try {
    const asked = JSON.parse(line);
    return { value: (await calls[asked.call](asked)) ?? null };
  } catch (error) {
    const challenged = Array.isArray(error.cause) ? error.cause[0]?.parameters?.error : null;
    const cause = error.error ?? challenged ?? error.cause?.error ?? error.cause?.message ?? error.code ?? "";
    return { error: `${error.message || error} ${cause}` };
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(JSON.stringify(await answered(line)) + "\n");
}
