"""The leak detector: who reported is looked for everywhere that the bot leaves or sends anything."""
