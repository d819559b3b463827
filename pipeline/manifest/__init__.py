"""What training code reads: balance, splits, rows and the published tree."""
