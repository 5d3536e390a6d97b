"""The policies for assistants, through the protocol's own client."""
