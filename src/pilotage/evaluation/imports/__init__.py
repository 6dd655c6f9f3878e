"""Readers of what other tools wrote: bytes in, outcomes per prompt out, and a clear refusal of all else."""
