"""REMEMBER: append-only, hash-chained, signed records; the only place where the stages meet."""
