"""A drawn sheet of image labels for people to judge, and what their judgements say."""
