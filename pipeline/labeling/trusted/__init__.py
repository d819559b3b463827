"""What a few trusted images teach: which labels follow from which phrases, and which do not."""
