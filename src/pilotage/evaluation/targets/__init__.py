"""What an evaluation asks."""
