"""The pure ground that everything stands on: errors, digests, canonical JSON, money, estimates, statistics."""
