"""One picture of the road: the stages from top to bottom, beside each the tables that it makes."""

from collections.abc import Sequence
from html import escape

from pipeline.runtime.road import Stage

_ROW, _BOX, _LEFT, _STAGE_WIDTH, _GAP, _LETTER = 58, 36, 8, 172, 14, 7.4
_WIDTH = 760


def road_picture(stages: Sequence[Stage], sayings: dict[str, str]) -> str:
    """An SVG that takes its colours from the page.

    Args:
        stages: of the road, in order.
        sayings: stage -> what it does, in a few words.

    Returns:
        The element, with classes that the page's style sheet knows.
    """
    height = 16 + _ROW * len(stages) + _BOX
    listed = ", then ".join(stage.name.replace("_", " ") for stage in stages)
    parts = [
        f'<svg class="road" viewBox="0 0 {_WIDTH} {height}" role="img" aria-label="The road: {escape(listed)}.">',
        '<defs><marker id="road-tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" '
        'orient="auto-start-reverse"><path d="M0 0 8 4 0 8z"/></marker></defs>',
        _box(_LEFT, 8, _STAGE_WIDTH, "sources", "source"),
        _saying(_LEFT + _STAGE_WIDTH + 30, 8, "tables of titles, boards, queries, descriptions, alt texts, tags"),
    ]
    middle = _LEFT + _STAGE_WIDTH // 2
    for number, stage in enumerate(stages, start=1):
        top = 8 + number * _ROW
        parts.append(_arrow(middle, top - _ROW + _BOX, middle, top))
        parts.append(_box(_LEFT, top, _STAGE_WIDTH, stage.name.replace("_", " "), "stage"))
        left = float(_LEFT + _STAGE_WIDTH + 30)
        if stage.writes:
            parts.append(_arrow(_LEFT + _STAGE_WIDTH, top + _BOX // 2, left - 2, top + _BOX // 2))
        for table in stage.writes:
            width = len(table) * _LETTER + 20
            parts.append(_box(left, top, width, table, "table"))
            left += width + _GAP
        parts.append(_saying(left + 4, top, sayings.get(stage.name, "")))
    return "\n".join([*parts, "</svg>"])


def _box(left: float, top: float, width: float, text: str, kind: str) -> str:
    return (
        f'<g class="{kind}"><rect x="{left:g}" y="{top:g}" width="{width:g}" height="{_BOX}" rx="6"/>'
        f'<text x="{left + width / 2:g}" y="{top + _BOX / 2 + 5:g}">{escape(text)}</text></g>'
    )


def _arrow(left: float, top: float, right: float, bottom: float) -> str:
    return f'<line x1="{left:g}" y1="{top:g}" x2="{right:g}" y2="{bottom:g}" marker-end="url(#road-tip)"/>'


def _saying(left: float, top: float, text: str) -> str:
    return f'<text class="saying" x="{left:g}" y="{top + _BOX / 2 + 5:g}">{escape(text)}</text>' if text else ""
