"""The stages of a run that grows from another one: what they do other than the stages of a run on all sources."""
