"""`/quiz`: the requests and messages of the quiz, one question at a time."""
