"""SAML 2.0 identity provider: the gate, what providers may ask, what we answer. No Flask, no pages."""
