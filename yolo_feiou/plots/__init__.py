"""Pictures of results, from their rows. One colour for a loss everywhere."""
