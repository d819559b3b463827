"""The page of a run: what it shows, read out of the tables, and its HTML."""
