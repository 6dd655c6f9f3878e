"""Measure: waiting, approvals, expectations and training, from history, events and attestations."""
