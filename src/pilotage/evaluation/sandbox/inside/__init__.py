"""What runs within the walls: the candidate that holds generated code, and the checker that asks it."""
