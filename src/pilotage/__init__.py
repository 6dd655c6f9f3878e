"""Pilotage: declare, measure, assess and enforce how ready each generative-AI use case is."""
