"""Unsafe words, and the words beside which they mean something else."""

from collections.abc import Sequence

UNSAFE = "unsafe"


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


UNSAFE_WORDS = _words(
    """
    anal anus bdsm blowjob blowjobs boobs bukkake butthole camgirl clitoris creampie cumshot cunnilingus cunt cunts
    deepthroat dildo dildos ejaculation erotic fellatio fetish fisting footjob fuck fucked fucker fucking gangbang
    handjob hentai incest jizz masturbate masturbating masturbation milf milfs motherfucker naked nsfw nude nudes
    nudity nudist orgasm orgy penis pedophile porn porno pornhub pornography pussies pussy rape rimjob scat semen
    sex slut sluts sodomy strapon striptease threesome tits titties topless upskirt vagina vibrator vulva whore
    whores xxx faggot faggots kike nigger niggers tranny
    """
)
# Words beside which an unsafe word means something else; "*" stands for the word itself.
_FRIENDS = {
    "nude": """* heel|heels|pump|pumps|shoe|shoes|lip|lips|lipstick|lipsticks|gloss|nail|nails|manicure|polish|makeup
        |palette|eyeshadow|blush|tone|tones|color|colors|colour|colours|pink|beige|sandal|sandals|dress|dresses|gown
        |bag|bra|tights|leggings|mesh|ombre""",
    "naked": "* palette|palettes|cake|cakes|eye|heat|juice|neck|gun|chef; urban decay *",
    "sex": "* and the city|pistols|education; same *; opposite *",
    "pussy": "* willow|willows|cat|cats|riot|foot|galore|bow",
    "tits": "blue *; great *; coal *; marsh *; willow *; long-tailed *",
    "scat": "* singing|singer; animal *; wolf *; bear *",
    "rape": "* seed|field|oil|flower|flowers",
    "vibrator": "concrete *",
    "topless": "* bar|skyscraper|jeep|car",
    "penis": "* envy",
    "anal": "* fin",
}


def unsafe_words(tokens: Sequence[str]) -> list[str]:
    """The unsafe words of a text that no friend beside them excuses, in their order; whole words only.

    English, and few: words that are explicit in nearly every text about a picture, and slurs.
    """
    if UNSAFE_WORDS.isdisjoint(tokens):
        return []
    return [word for place, word in enumerate(tokens) if word in UNSAFE_WORDS and not _excused(word, tokens, place)]


def _excused(word: str, tokens: Sequence[str], place: int) -> bool:
    for before, after in _FRIENDLY.get(word, ()):
        if before and tuple(tokens[max(0, place - len(before)) : place]) == before:
            return True
        if after and tuple(tokens[place + 1 : place + 1 + len(after)]) == after:
            return True
    return False


def _friendly(rules: str) -> tuple[tuple[tuple[str, ...], tuple[str, ...]], ...]:
    """(words before, words after) of each alternative of a line of `_FRIENDS`."""
    pairs = []
    for rule in rules.split(";"):
        before, _, after = rule.partition("*")
        pairs += [(tuple(before.split()), tuple(way.split())) for way in after.split("|")]
    return tuple(pairs)


_FRIENDLY = {word: _friendly(rules) for word, rules in _FRIENDS.items()}
