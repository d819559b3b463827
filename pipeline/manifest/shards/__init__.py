"""A manifest with its pictures, as a WebDataset."""
