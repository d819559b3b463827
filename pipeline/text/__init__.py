"""One text at a time: Unicode, language, tokens, hygiene, lexicon."""
