"""The published tree: data files, card, class map and Croissant."""
