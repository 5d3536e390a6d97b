"""E-mail, for alerts that could not be delivered in chat."""
