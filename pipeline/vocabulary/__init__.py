"""From texts to phrases, and from phrases to a label vocabulary that keeps the long tail."""
