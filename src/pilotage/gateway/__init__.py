"""Enforce: an OpenAI-compatible endpoint that lets through what a permit allows and meters what passed."""
