"""Keep: run what is due after a new record or a passed time; one leader, idempotent jobs."""
