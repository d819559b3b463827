"""Shapes of people's data in a text: e-mail addresses, handles, telephone, card, account and identity numbers.

A number is personal by its shape and, where its kind has one, by its check digit: sizes, dates, years, prices,
resolutions, model numbers and product codes (ISBN and EAN name things that are for sale) are none.
"""

import regex

_IGNORE = regex.IGNORECASE | regex.VERBOSE
MAIL_HOST = r"(?:gmail|googlemail|yahoo|ymail|hotmail|outlook|icloud|aol|gmx|protonmail|live|msn|mail|web|qq|163)"
_MAIL_TOP = r"(?:com|net|org|de|fr|it|es|nl|pl|ru|co|uk|br|in|me|info|edu)"
_DOT = r"(?:\.|\s?[(\[{]\s?(?:dot|punkt|\.)\s?[)\]}]\s?|\s(?:dot|punkt)\s)"

# Plain; with at in brackets, and dots then as words too; bare words only before a host of mail: look at it dot com.
EMAIL = regex.compile(
    rf"""
    (?<![\w.+-])(?:mailto:)?[\w.+-]++@[\w-]+(?:\.[\w-]+)+
    | (?<![\w.+-])[\w.+-]++\s?[(\[{{]\s?(?:at|@|ät)\s?[)\]}}]\s?[\w-]+(?:{_DOT}[\w-]+)+
    | (?<![\w.+-])[\w.+-]++(?:\sat\s|\s?@\s?){MAIL_HOST}(?:{_DOT}|\s?\.\s?){_MAIL_TOP}(?!\w)
    """,
    _IGNORE,
)
HANDLE = regex.compile(r"(?<![\w@])@(?=[\w.]*\p{L})\w(?:[\w.]*\w)?", regex.VERBOSE)

# Without a plus sign, 00, brackets or a word for it, only the shape 555-123-4567 and numbers that open with 0 count.
PHONE = regex.compile(
    r"""
    (?<![^\W_]|[+/-]|\d[.,])(?:
        \+(?:[ .()/-]{0,2}\d){8,15}
      | 00[1-9]\d{0,2}[ .()/-]{1,2}\d(?:[ .()/-]{0,2}\d){6,11}
      | (?:1[ .-])?(?:\(\d{3}\)[ ]?|\d{3}[.-])\d{3}[.-]\d{4}
      | \d{3}[ ]\d{3}[ ]\d{4}
      | \(?0\d{1,5}\)?[ ./-]{1,3}\d{2,8}(?:[ .-]\d{2,5}){0,4}
    )(?![^\W_]|[.,/-]\d)
    | (?<![^\W_])(?:tel|telephone|telefon|phone|mobile|handy|cell|call|fax|whats\s?app)(?![^\W_])
      [.:_]*[ ]?(?:[ .()/+-]{0,2}\d){7,15}(?!\d)
    """,
    _IGNORE,
)
_DATE = regex.compile(r"(?<!\d)\d{1,2}[ ./-]\d{1,2}[ ./-](?:19|20)\d\d(?!\d)")
# Groups as they are printed on cards, or none; the numbers of networks open with 2 to 6.
CARD = regex.compile(
    r"""
    (?<![^\W_]|[+/-]|\d[.,])(?:
        [3-6]\d{12,18}
      | 2[2-7]\d{14}
      | (?:[3-6]\d{3}|2[2-7]\d\d)(?:([ -])\d{4})(?:\1\d{4}){2}(?:\1\d{1,3})?
      | 3[0-8]\d\d([ -])\d{6}\2\d{4,5}
    )(?![^\W_]|[.,/-]\d)
    """,
    regex.VERBOSE,
)
# Letters and digits of an account's number by country (ISO 13616 registry), its two letters and check digits included.
_IBAN_LENGTHS = {
    **{"NO": 15, "BE": 16, "DK": 18, "FI": 18, "NL": 18, "AT": 20, "EE": 20, "LT": 20, "LU": 20, "CH": 21, "HR": 21},
    **{"LV": 21, "LI": 21, "BG": 22, "DE": 22, "GB": 22, "IE": 22, "RS": 22, "AE": 23, "IL": 23, "AD": 24, "CZ": 24},
    **{"ES": 24, "RO": 24, "SA": 24, "SE": 24, "SK": 24, "PT": 25, "IS": 26, "TR": 26, "FR": 27, "GR": 27, "IT": 27},
    **{"MC": 27, "SM": 27, "CY": 28, "HU": 28, "PL": 28, "UA": 29, "BR": 29, "MT": 31, "SI": 19},
}
_IBANS = "|".join(rf"{code}\d\d(?:[ _-]?[A-Z0-9]){{{size - 4}}}" for code, size in _IBAN_LENGTHS.items())
IBAN = regex.compile(rf"(?<![^\W_])(?:{_IBANS})(?![^\W_])", regex.IGNORECASE)
ID_NUMBER = regex.compile(
    r"""
    (?<![^\W_]|[+/-]|\d[.,])(?:
        (?!000|666|9)\d{3}-(?!00)\d\d-(?!0000)\d{4}                                # social security, United States
      | \d{3}\.\d{3}\.\d{3}-\d\d                                                   # CPF, Brazil
      | [A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z][ ]\d\d[ ]\d\d[ ]\d\d[ ][A-D]           # national insurance, Great Britain
      | [A-Z]{6}\d\d[A-EHLMPRST]\d\d[A-Z]\d{3}[A-Z]                                # codice fiscale, Italy
    )(?![^\W_]|[.,/-]\d)
    """,
    _IGNORE,
)


def is_phone(text: str) -> bool:
    """Whether what has the shape of a telephone number has as many digits as one, and holds no date with its year."""
    digits = sum(map(str.isdigit, text))
    if text[0].isdigit() or text[0] == "(":
        return 10 <= digits <= (16 if text.startswith("00") else 13) and not _DATE.search(text)
    return digits >= 7


def is_card(text: str) -> bool:
    """Whether the check digit of a card's number is right (Luhn, ISO/IEC 7812-1) and it is no product code of 13."""
    digits = [int(sign) for sign in text if sign.isdigit()]
    doubled = [digit * 2 - 9 * (digit > 4) for digit in digits[-2::-2]]
    if (sum(digits[-1::-2]) + sum(doubled)) % 10:
        return False
    is_product = len(digits) == 13 and (sum(digits[::2]) + 3 * sum(digits[1::2])) % 10 == 0  # EAN-13
    return not is_product


def is_iban(text: str) -> bool:
    """Whether the check digits of an account's number are right: 1 modulo 97 (ISO 13616)."""
    signs = [sign for sign in text.upper() if sign.isalnum()]
    return int("".join(str(int(sign, 36)) for sign in signs[4:] + signs[:4])) % 97 == 1
