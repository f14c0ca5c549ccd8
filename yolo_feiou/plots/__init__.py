"""Figures, each from rows of numbers: those of simulations, of ablations, and the field of a loss.

`style.py` has colours, dashes and the saving of a figure; the other modules draw, each what its name says.
"""
