"""The chat commands: one file for each, or a folder for a command that needs several files.

In: a `Request` and a service. Out: a `Message` or a `Form`. `catalogue` lists every command. The docstring of
a function that returns a message says what the message does: « Show… », « Confirm… », « Ask… ».
"""
