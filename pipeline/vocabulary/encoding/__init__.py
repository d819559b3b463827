"""From phrases to vectors, and from a vector to those near it."""
