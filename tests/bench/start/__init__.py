"""What a start is made of."""
