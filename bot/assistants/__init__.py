"""The policies for assistants, over the Model Context Protocol: the readable texts, and the server.

In: the library, and functions that answer a question and examine a text. Out: verified quotations, with their
version, force and dates. Nothing that is asked is stored, logged or learnt.
"""
