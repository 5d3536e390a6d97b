"""What the bot knows and decides: the policy's text, how it is found, what interprets it."""
