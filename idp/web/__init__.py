"""The door for browsers and protocol peers: URL in, one verb, response out. No decisions, no SQL."""
