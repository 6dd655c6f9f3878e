"""Observers: what a scorer has to know of an answer beyond its text is found out here, at the edge."""
