"""From texts to candidate phrases, and what is said around them."""
