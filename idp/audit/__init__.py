"""What happened: audit entries (facts, for ever) and attempts (how a request went, step by step)."""
