"""OpenID Provider and OAuth 2.0 authorization server: steps, grants, tokens. No Flask, no pages."""
