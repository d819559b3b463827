"""Errors that a user can act on.

Everything below `UserError` ends a job with exit code 2 and one message: which table, file or setting, what was
found, what was expected, what to do. Anything else is a defect of ours and keeps its stack trace (exit code 1).
"""


class UserError(Exception):
    """Something that the user can mend; shown as one message, never as a stack trace."""


class ConfigError(UserError):
    """A setting is unknown, of the wrong type, or impossible."""


class InputError(UserError):
    """A source is missing, unreadable, or not of the declared shape."""


class SchemaError(UserError):
    """A table differs from its schema, breaks its key, or points to rows that do not exist."""


class RunError(UserError):
    """A run folder is missing a table, holds a damaged one, or belongs to another configuration."""


class CapacityError(UserError):
    """The work would not fit in the memory that the configuration allows."""
