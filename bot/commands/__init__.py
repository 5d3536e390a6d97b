"""What people ask: one file for each command, a folder for one that takes several.

In: a `Request` and a service. Out: a `Message` or a `Form`. `catalogue` is the one list of them all.
"""
