"""The sandbox: a chat in the browser, and a gallery of every message as each platform shows it."""
