"""The statistics of the gate: when enough was seen to say that a claim holds, and with which error; pure."""
