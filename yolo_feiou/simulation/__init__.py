"""Boxes that follow the gradient of a loss, without a network: how a loss behaves before a GPU is spent on it."""
