"""E-mail, for what nobody could be told in chat."""
