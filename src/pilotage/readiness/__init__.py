"""Assess: catalog, evidence and a moment become levels with reasons, and a permit."""
