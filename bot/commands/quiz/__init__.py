"""`/quiz`: its requests and its messages, one question at a time."""
