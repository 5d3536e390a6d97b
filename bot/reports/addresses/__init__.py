"""Finding the address of a post in what people paste, and making it canonical by rules that are data."""
