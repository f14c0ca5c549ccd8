"""Trainings that differ in a few arguments alone: the grid, its runs, and what is recorded of each."""
