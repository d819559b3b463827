"""What a larger run would take, told from finished ones."""
