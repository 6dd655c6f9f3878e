"""Upstream client, dialects and the local embedder that the stages share."""
