"""Scorers: each judges one answer against one item, purely; `score` picks the one that is declared."""
