"""Price and footprint, compiled to coefficients, and reads of what was metered."""
