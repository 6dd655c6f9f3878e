"""What runs found, as people and machines are told it."""
