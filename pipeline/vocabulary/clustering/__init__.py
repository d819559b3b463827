"""From phrases and vectors to clusters, by method."""
