"""Measure: run a plan against a route or an HTTP endpoint and return a measurement."""
