"""Clients that register themselves (RFC 7591, OpenID Connect Dynamic Client Registration 1.0) and manage that (RFC 7592)."""
