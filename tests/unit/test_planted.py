"""People's data in random places of random texts: nothing of it is left in a text, nor in what a reject shows."""

from hypothesis import example, given, settings
from hypothesis import strategies as st

from pipeline.text.hygiene import mask, remove
from pipeline.text.unicode import repair

LETTERS, DIGITS = "abcdefghijklmnopqrstuvwxyz", "0123456789"
WORD = st.text(LETTERS + DIGITS, min_size=1, max_size=8)
WORDS = st.lists(
    st.sampled_from(["red", "sofa", "Äpfel", "for", "mid-century", "2019", "写真", "16x20", "-"]), max_size=5
)
BETWEEN = st.sampled_from([" ", ", ", "\n", ": ", " (", "; ", " - ", "\u3000", "\t"])
AFTER = st.sampled_from([" ", ", ", "\n", ") ", "; ", "! "])


def luhn(digits: str) -> str:
    """The digits with their check digit."""
    doubled = [int(digit) * 2 - 9 * (int(digit) > 4) for digit in digits[::-2]]
    return f"{digits}{-(sum(doubled) + sum(map(int, digits[-2::-2]))) % 10}"


def iban(country: str, account: str) -> str:
    number = int("".join(str(int(sign, 36)) for sign in f"{account}{country}00"))
    return f"{country}{98 - number % 97:02d}{account}"


def spaced(number: str, mark: str) -> str:
    return mark.join(number[place : place + 4] for place in range(0, len(number), 4))


EMAILS = st.builds(
    "{}{}{}@{}.{}".format,
    WORD,
    st.sampled_from(["", ".", "_", "+", "-"]),
    WORD,
    WORD,
    st.sampled_from(["com", "co.uk", "de"]),
)
PHONES = st.one_of(
    st.builds(lambda digits: f"+49 {digits[:3]} {digits[3:]}", st.text(DIGITS, min_size=9, max_size=11)),
    st.builds(
        lambda digits: f"({digits[:3]}) {digits[3:6]}-{digits[6:]}", st.text("23456789", min_size=10, max_size=10)
    ),
    st.builds(lambda digits: f"+1{digits}", st.text("23456789", min_size=10, max_size=10)),
)
CARDS = st.builds(
    lambda first, rest, mark: spaced(luhn(first + rest), mark),
    st.sampled_from(["4", "5", "6"]),
    st.text(DIGITS, min_size=14, max_size=14),
    st.sampled_from(["", " ", "-"]),
)
IBANS = st.one_of(
    st.builds(
        lambda account, mark: spaced(iban("DE", account), mark),
        st.text(DIGITS, min_size=18, max_size=18),
        st.sampled_from(["", " "]),
    ),
    st.builds(lambda digits: iban("GB", f"NWBK{digits}"), st.text(DIGITS, min_size=14, max_size=14)),
)
HANDLES = st.builds("@{}{}".format, st.sampled_from(LETTERS), st.text(LETTERS + DIGITS + "_", min_size=3, max_size=12))
PERSONAL = st.one_of(EMAILS, PHONES, CARDS, IBANS, HANDLES)


def kept(number: str) -> str:
    """Letters and digits: what must not be found again, however it is grouped."""
    return "".join(mark for mark in number.lower() if mark.isalnum())


@given(before=WORDS, person=PERSONAL, after=WORDS, left=BETWEEN, right=AFTER)
@example(before=["tel"], person="+49 170 1234567", after=[], left=": ", right=" ")
@settings(max_examples=400, deadline=None)
def test_planted_data_leave_the_text_and_its_mask(
    before: list[str], person: str, after: list[str], left: str, right: str
) -> None:
    raw = (" ".join(before) + left + person + right + " ".join(after)).strip()
    cleaned, flags = remove(repair(raw)[0])
    assert flags
    for shown in (cleaned, mask(raw), mask(raw)[:200]):
        assert person not in shown
        assert kept(person) not in kept(shown)


@given(filler=st.integers(150, 260), person=EMAILS)
@settings(max_examples=50, deadline=None)
def test_data_at_the_edge_of_what_is_shown_are_masked_before_it_is_cut(filler: int, person: str) -> None:
    shown = mask(f"{'x' * filler} {person} end")[:200]
    assert "@" not in shown
