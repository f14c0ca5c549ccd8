"""Losses of a user's own: a function in a file, in a module, or registered from Python."""
