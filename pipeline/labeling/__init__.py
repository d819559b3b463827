"""Which labels an image carries, how sure, and who says so."""
