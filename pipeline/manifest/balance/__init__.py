"""How a long tail is balanced: caps, repeats, weights and targets, what they show, and the way back from a budget."""
