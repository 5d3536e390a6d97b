"""The sandbox: a chat in the browser, with every message shown as each platform would."""
