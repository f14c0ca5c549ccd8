"""Gradient descent on boxes without a network: how a loss behaves, without training."""
