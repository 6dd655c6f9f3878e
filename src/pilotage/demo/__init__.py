"""TELL: runs a story of one use case, act by act, against a real platform with real models."""
