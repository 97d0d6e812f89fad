"""The ground: work, database, errors, ids, clock, secrets at rest. Knows nothing of identity."""
