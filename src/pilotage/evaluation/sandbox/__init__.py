"""Runs generated Python behind walls: bubblewrap, limits, and a checker that the code can neither reach nor fool."""
