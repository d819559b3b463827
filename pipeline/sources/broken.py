"""What the readers of all formats share: the column of rows that cannot be parsed, and options that choose files."""

BROKEN = "_broken_row"  # holds the text of a row that its format cannot parse
CHOOSING = ("pathGlobFilter", "recursiveFileLookup", "modifiedBefore", "modifiedAfter")


def quoted(name: str) -> str:
    """A column's name as SQL takes it, whatever stands in it."""
    return "`" + name.replace("`", "``") + "`"
