"""Prints how three ways of normalizing text treat twenty strings, as a Markdown table.

    pip install datatrove
    python tests/benchmarks/normalizers.py

Ours is `Cleaner`; the second is datatrove's `simplify_text`, which makes texts alike to find duplicates; the third is
NFKC with lower case. Words of ours stand between spaces, and | is a break that no phrase crosses.
"""

import sys
import unicodedata
from collections.abc import Callable

from pipeline.runtime.config import NormalizeConfig
from pipeline.text.clean import Cleaner

# Text and its language.
STRINGS = (
    ("Air Max 90", "en"),
    ("हिन्दी", "hi"),
    ("สวัสดีครับ", "th"),
    ("தமிழ்", "ta"),
    ("ＡＢＣ", "en"),
    ("ﬁsh", "en"),
    ("cafe\u0301", "fr"),
    ("Größe & Maße", "de"),
    ("IŞIK", "tr"),
    ("한국어", "ko"),
    ("紅色連衣裙", "zh"),
    ("ｶﾞﾗｽ", "ja"),
    ("(dog)", "en"),
    ("dog—cat", "en"),
    ("hot\u00a0dog", "en"),
    ("#livingroomdecor", "en"),
    ("#DIYHomeDecor", "en"),
    ("cafÃ© itâ€™s", "en"),
    ("Tom &amp; Jerry <b>cup</b>", "en"),
    ("ask jane@example.com", "en"),
)


def datatrove() -> Callable[[str], str]:
    """Its `simplify_text`; SystemExit with what to do where it is not installed."""
    try:
        from datatrove.utils.text import simplify_text
    except ImportError as error:
        raise SystemExit(f"This table needs datatrove: pip install datatrove ({error})") from error
    return lambda text: str(simplify_text(text))


def main() -> int:
    """Print the table."""
    simplify, cleaner = datatrove(), Cleaner(NormalizeConfig())
    cleaned = cleaner.clean([text for text, _ in STRINGS], [language for _, language in STRINGS])
    sys.stdout.write("| text | ours | datatrove `simplify_text` | NFKC, lower case |\n|---|---|---|---|\n")
    for (text, _), ours in zip(STRINGS, cleaned, strict=True):
        row = (text, ours.text, simplify(text), unicodedata.normalize("NFKC", text).lower())
        sys.stdout.write(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
