"""Any table of text about images, and ready-made public corpora, as signals."""
