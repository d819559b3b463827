import pytest

from pipeline.text.hygiene import mask, rejection, remove
from pipeline.text.tokens import tokenize
from pipeline.text.unicode import fold_case, repair

_PERSONAL = [
    *[("email_removed", "[email]", text) for text in ("jane.doe+x@mail.example.com", "mailto:jane@example.com")],
    *[("email_removed", "[email]", text) for text in ("jane [at] example dot com", "jane(at)example(dot)com")],
    *[
        ("email_removed", "[email]", text)
        for text in ("jane at gmail dot com", "jane.d AT yahoo.com", "jane {at} x.org")
    ],
    *[
        ("email_removed", "[email]", text)
        for text in ("ｊａｎｅ＠ｅｘａｍｐｌｅ．ｏｒｇ", "jane﹫example.org", "jane @ gmail.com")
    ],
    *[("email_removed", "[email]", text) for text in ("jürgen@müller.de", "jane@例え.jp", "jane&#64;example.com")],
    *[("phone_removed", "[phone]", text) for text in ("+49 170 1234567", "+1 (555) 123-4567", "+44 (0)20 7946 0958")],
    *[("phone_removed", "[phone]", text) for text in ("+91 98765 43210", "+33 6 12 34 56 78", "+8613912345678")],
    *[
        ("phone_removed", "[phone]", text)
        for text in ("(555) 123-4567", "555-123-4567", "555.123.4567", "555 123 4567")
    ],
    *[("phone_removed", "[phone]", text) for text in ("1-800-555-0199", "06 12 34 56 78", "020 7946 0958")],
    *[("phone_removed", "[phone]", text) for text in ("0170/1234567", "03-1234-5678", "0044 20 7946 0958")],
    *[("phone_removed", "[phone]", text) for text in ("Tel: 030 1234567", "Whatsapp 5551234567", "phone 1234567")],
    *[("card_removed", "[card]", text) for text in ("4111 1111 1111 1111", "5500-0055-5555-5559", "378282246310005")],
    *[("card_removed", "[card]", text) for text in ("3782 822463 10005", "6011111111111117", "2223 0031 2200 3222")],
    *[
        ("card_removed", "[card]", text)
        for text in ("４１１１１１１１１１１１１１１１", "4222222222222", "3056 930902 5904")
    ],
    *[("iban_removed", "[iban]", text) for text in ("DE89 3704 0044 0532 0130 00", "GB29NWBK60161331926819")],
    *[("iban_removed", "[iban]", text) for text in ("FR14 2004 1010 0505 0001 3M02 606", "nl91abna0417164300")],
    *[("id_number_removed", "[id]", text) for text in ("123-45-6789", "123.456.789-09", "AB 12 34 56 C")],
    *[("id_number_removed", "[id]", text) for text in ("RSSMRA85T10A562S",)],
    *[("handle_removed", "[handle]", text) for text in ("@jane.doe_1", "@ジェーン", "@jane")],
]
_FRIENDS = """
    10 x 12|16x20|24/7|8.5 x 11|1920x1080|1920 x 1080|3840×2160|size 36-38|size 10 12 14|36-38-40|EU 38.5
    1920-1930|1990 1991 1992|1990-1995|1914-1918|2018-06-12|12.06.2018|12/06/2018|06-12-2018|01.02.2018 - 03.04.2018
    01.02.2018 03.04.2018|2018 2019 2020 2021|1,299.99|$1,299.99|€ 1.299,00|1 000 000|100 000 000|10 000 km
    Air Max 90|iPhone 12 Pro|Boeing 747-400|Canon EOS 5D|WH-1000XM4|RTX 3080|Galaxy S21 Ultra|F-150|M3 2020|051611-023
    9780140328721|978-3-16-148410-0|0-306-40615-2|4006381333931|ISBN 978-0-14-032872-1|SKU 12345678
    #ff8800|#a1b2c3|00ff00|12 pack|50% off|3-in-1|1/2 cup|2 1/2 inch|1:43|16:9|12:30|90210|90210-1234|12345 67890
    4111 1111 1111 1112|GB28NWBK60161331926819|000-12-3456|AB12 CDE|1.2.3.4|windows 10.0.19041
    dinner @ home|meet at gmail|look at it|the cat (at home)|@ 5 pm|art [at] home|chapter 11 verse 12|psalm 119 105
    route 66|no. 5|5000 4000|0.5 mm|0 1 2 3 4 5 6 7 8 9|1 2 3 4 5 6 7 8 9 10|007|2020 03 04|03 04 2020 10 11
""".strip()


@pytest.mark.parametrize(("flag", "shown", "text"), _PERSONAL)
def test_people_s_data_is_removed_flagged_and_masked(flag: str, shown: str, text: str) -> None:
    raw = f"red sofa, {text} new"
    left, flags = remove(repair(raw)[0])
    assert flags == [flag]
    assert tokenize(fold_case(left)) == ["red", "sofa", "", "new"]
    assert mask(raw) == f"red sofa, {shown} new"
    left, flags = remove(repair(text)[0])
    assert rejection(tokenize(left), flags) == "personal_data"


@pytest.mark.parametrize("text", [text.strip() for line in _FRIENDS.splitlines() for text in line.split("|")])
def test_sizes_dates_prices_codes_and_names_are_no_people_s_data(text: str) -> None:
    for whole in (text, f"sofa {text} new", f"sofa ({text})"):
        left, flags = remove(repair(whole)[0])
        assert not {flag for flag in flags if flag.startswith(("email", "phone", "card", "iban", "id_", "handle"))}
        assert mask(whole) == repair(whole)[0]
        assert left.replace(" ", "") == repair(whole)[0].replace(" ", "")


@pytest.mark.parametrize(
    "text",
    [
        *["(Wed Aug 25 23:29:46 2004)", "Wed Aug 25 23:29:46 UTC 2004", "2004-08-25T23:29:46Z", "2004-08-25 23:29"],
        *["2004:08:25 23:29:46", "[2004-08-25 23:29:46.123 +0200]", "25 Aug 2004 23:29", "25.08.2004 23:29:46"],
        *["August 25, 2004 11:29 PM", "8/25/2004 11:29:46 PM", "Wednesday, August 25, 2004 at 11:29 pm"],
    ],
)
def test_the_time_of_a_file_is_removed(text: str) -> None:
    left, flags = remove(f"red sofa {text} new")
    assert flags == ["timestamp_removed"]
    assert tokenize(fold_case(left)) == ["red", "sofa", "", "new"]
    left, flags = remove(text)
    assert rejection(tokenize(left), flags) == "number"


@pytest.mark.parametrize(
    "text",
    [
        "august 2004",
        "25 August",
        "may 12",
        "at 12:30",
        "doors open 20:00",
        "john 3:16",
        "ratio 4:3",
        "summer 2004",
        "mar 5 2004",
        "sun 10",
        "2004-08-25",
        "(2004)",
    ],
)
def test_a_date_or_a_time_alone_stays(text: str) -> None:
    assert remove(text) == (text, [])


def test_a_number_beside_a_script_without_spaces_is_seen() -> None:
    assert mask("電話03-1234-5678まで") == "電話[phone]まで"
    assert remove("結婚式IMG_1234.jpgです") == ("結婚式 | です", ["file_name_removed"])
    assert remove("詳細https://example.com/a") == ("詳細 | ", ["url_removed"])
    assert remove("90年代のtシャツ") == ("90年代のtシャツ", [])


@pytest.mark.parametrize(
    "text",
    ["sofa,123-45-6789", "sofa.4111 1111 1111 1111", "sofa_020 7946 0958", "電話+81 3 1234 5678"],
)
def test_a_sign_that_is_no_part_of_the_number_does_not_hide_it(text: str) -> None:
    assert "personal_data" in {rejection([], [flag]) for flag in remove(text)[1]}
