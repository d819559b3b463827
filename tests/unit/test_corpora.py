import importlib.machinery
import importlib.util
import json
from pathlib import Path

import pytest

from pipeline.runtime.errors import InputError
from pipeline.sources import corpora
from pipeline.sources.corpora import Corpus, read_corpus, read_metadata

RDF = """<?xml version="1.0" encoding="UTF-8"?>
<svg:svg xmlns:dc="http://purl.org/dc/elements/1.1/"><svg:metadata id="m"><rdf:RDF><cc:Work rdf:about="">
<dc:title>Full  Moon</dc:title><dc:description>Über &lt;b&gt;Nacht&lt;/b&gt;</dc:description>
<dc:subject><rdf:Bag><rdf:li>moon</rdf:li><rdf:li></rdf:li><rdf:li>Moon</rdf:li><rdf:li>night_sky</rdf:li></rdf:Bag>
</dc:subject><dc:publisher><cc:Agent><dc:title>The Library</dc:title></cc:Agent></dc:publisher>
<dc:creator><cc:Agent><dc:title>Dan</dc:title></cc:Agent></dc:creator></cc:Work></rdf:RDF></svg:metadata>
<svg:title>not this</svg:title></svg:svg>"""


def facts(corpus: Corpus, image: str) -> dict[str, list[str]]:
    """signal -> texts of one image, in order."""
    found: dict[str, list[str]] = {}
    for row in corpus.signals.to_pylist():
        if row["image_id"] == image:
            found.setdefault(row["signal"], []).append(row["text"])
    return found


@pytest.fixture
def icons(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Both icon packages with one or two icons each."""
    font_awesome = tmp_path / "fontawesomefree" / "static" / "fontawesomefree" / "metadata"
    font_awesome.mkdir(parents=True)
    listed = {
        "road": {"label": "Road", "free": ["solid"], "search": {"terms": ["highway", "map", "Highway", "  "]}},
        "air-freshener": {"label": "Air Freshener", "free": ["regular", "solid"], "search": {"terms": []}},
        "face-grin": {"label": "Grinning", "free": ["regular", "solid"], "search": {"terms": ["emoticon", 0]}},
    }
    (font_awesome / "icons.json").write_text(json.dumps(listed))
    (font_awesome / "categories.yml").write_text(
        "travel:\n  icons: [road]\n  label: Travel\nautomotive:\n  icons: [road, air-freshener]\n  label: Cars\n"
    )
    phosphor = tmp_path / "py_phosphor_icons" / "search"
    phosphor.mkdir(parents=True)
    entry = {"name": "map-pin", "tags": ["places"], "categories": ["Map"], "figma_category": "map"}
    (phosphor / "metadata.json").write_text(json.dumps([entry, {**entry, "name": "acorn", "figma_category": None}]))

    def find_spec(name: str) -> importlib.machinery.ModuleSpec | None:
        if not (tmp_path / name).is_dir():
            return None
        spec = importlib.machinery.ModuleSpec(name, None, is_package=True)
        spec.submodule_search_locations = [str(tmp_path / name)]
        return spec

    monkeypatch.setattr(importlib.util, "find_spec", find_spec)
    return tmp_path


@pytest.fixture
def drawings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An openclipart with one drawing and its picture."""
    for kind, suffix, content in (("svg", "svg", RDF.encode()), ("png", "png", b"")):
        place = tmp_path / kind / "signs_and_symbols" / "t-shirts"
        place.mkdir(parents=True)
        (place / f"full_moon_dan_02.{suffix}").write_bytes(content)
    monkeypatch.setattr(corpora, "OPENCLIPART_FOLDER", tmp_path)
    return tmp_path


def test_a_name_that_repeats_the_label_is_said_once(icons: Path) -> None:
    corpus = read_corpus("icons")
    assert facts(corpus, "fontawesome/air-freshener")["title"] == ["Air Freshener"]
    assert facts(corpus, "fontawesome/face-grin")["title"] == ["Grinning", "face grin"]


def test_search_terms_are_queries_and_categories_are_boards(icons: Path) -> None:
    found = facts(read_corpus("icons"), "fontawesome/road")
    assert found == {"title": ["Road"], "query": ["highway", "map"], "board": ["Cars", "Travel"]}


def test_a_term_that_is_a_number_is_a_text(icons: Path) -> None:
    assert facts(read_corpus("icons"), "fontawesome/face-grin")["query"] == ["emoticon", "0"]


def test_an_icon_of_several_styles_is_one_image(icons: Path) -> None:
    images = {row["image_id"]: row["image_uri"] for row in read_corpus("icons").images.to_pylist()}
    assert sorted(images) == [
        "fontawesome/air-freshener",
        "fontawesome/face-grin",
        "fontawesome/road",
        "phosphor/acorn",
        "phosphor/map-pin",
    ]
    assert images["fontawesome/face-grin"].endswith("/svgs/regular/face-grin.svg")
    assert images["phosphor/map-pin"].endswith("/svgs/flat/regular/map-pin.svg")


def test_a_category_in_two_spellings_is_one_board(icons: Path) -> None:
    found = facts(read_corpus("icons"), "phosphor/map-pin")
    assert found == {"title": ["map pin"], "tag": ["places"], "board": ["Map"]}


def test_icons_are_english_and_nobodys(icons: Path) -> None:
    signals = read_corpus("icons").signals
    assert signals["language"].unique().to_pylist() == ["en"]
    assert signals["contributor"].null_count == signals.num_rows
    assert signals["count"].unique().to_pylist() == [1]


@pytest.mark.parametrize("package", ["fontawesomefree", "py_phosphor_icons"])
def test_an_absent_icon_package_is_named_with_the_command(icons: Path, package: str) -> None:
    (icons / package).rename(icons / "elsewhere")
    with pytest.raises(InputError, match=rf"{package} is not installed.*pip install"):
        read_corpus("icons")


def test_the_installed_icons_have_texts_and_pictures() -> None:
    corpus = read_corpus("icons")
    assert corpus.images.num_rows > 3_000
    assert len(set(corpus.images["image_id"].to_pylist())) == corpus.images.num_rows
    assert all(Path(uri.removeprefix("file://")).is_file() for uri in corpus.images["image_uri"].to_pylist())
    dog = facts(corpus, "fontawesome/dog")
    assert dog["title"] == ["Dog"]
    assert {"pooch", "puppy"} <= set(dog["query"])
    assert dog["board"] == ["Animals"]


def test_a_drawing_tells_title_description_tags_folders_and_name(drawings: Path) -> None:
    corpus = read_corpus("openclipart")
    image = "openclipart/signs_and_symbols/t-shirts/full_moon_dan_02"
    assert facts(corpus, image) == {
        "title": ["Full Moon"],
        "description": ["Über <b>Nacht</b>"],
        "tag": ["moon", "night sky"],
        "alt": ["full moon dan"],
        "board": ["signs and symbols", "t-shirts"],
    }
    picture = drawings / "png" / "signs_and_symbols" / "t-shirts" / "full_moon_dan_02.png"
    assert corpus.images.to_pylist() == [{"image_id": image, "image_uri": picture.as_uri()}]


def test_the_author_is_the_voice_of_all_but_the_folders(drawings: Path) -> None:
    voices = {(row["signal"], row["contributor"]) for row in read_corpus("openclipart").signals.to_pylist()}
    assert voices == {("title", "Dan"), ("description", "Dan"), ("tag", "Dan"), ("alt", "Dan"), ("board", None)}


def test_a_drawing_without_picture_is_its_own(drawings: Path) -> None:
    next((drawings / "png").rglob("*.png")).unlink()
    assert read_corpus("openclipart").images["image_uri"][0].as_py().endswith(".svg")


@pytest.mark.parametrize("content", [b"", b"<svg><metadata><a></metadata></svg>", b"\xff\xfe<svg/>", b"<svg/>"])
def test_a_broken_drawing_is_counted_and_keeps_the_texts_of_its_place(drawings: Path, content: bytes) -> None:
    (drawings / "svg" / "a_cat.svg").write_bytes(content)
    corpus = read_corpus("openclipart")
    assert corpus.broken == 1
    assert facts(corpus, "openclipart/a_cat") == {"alt": ["a cat"]}
    assert corpus.images.num_rows == 2


@pytest.mark.parametrize("kind", ["svg", "png"])
def test_an_absent_openclipart_names_both_packages_and_the_command(drawings: Path, kind: str) -> None:
    (drawings / kind).rename(drawings / "elsewhere")
    with pytest.raises(InputError, match="apt-get install openclipart-svg openclipart-png"):
        read_corpus("openclipart")


def test_rows_do_not_depend_on_the_order_of_the_folder(drawings: Path) -> None:
    for name in ("b", "a", "c"):
        (drawings / "svg" / f"{name}.svg").write_text(RDF)
    ids = read_corpus("openclipart").images["image_id"].to_pylist()
    assert ids == sorted(ids)


def test_an_unknown_corpus_names_those_that_there_are() -> None:
    with pytest.raises(InputError, match=r"'laion'.*icons, openclipart"):
        read_corpus("laion")


def test_entities_are_never_expanded() -> None:
    bomb = (
        b'<!DOCTYPE svg [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY f SYSTEM "file:///etc/">]>'
        b"<svg><metadata><Work><title>&b;</title></Work></metadata></svg>"
    )
    with pytest.raises(ValueError, match="undefined entity"):
        read_metadata(bomb)


def test_entities_in_the_rest_of_a_file_do_no_harm() -> None:
    drawing = b'<!DOCTYPE svg [<!ENTITY n "x">]><svg a="&n;"><metadata><Work><title>Cat</title></Work></metadata></svg>'
    assert read_metadata(drawing) == {"title": ["Cat"]}


def test_a_declared_encoding_is_obeyed() -> None:
    drawing = (
        '<?xml version="1.0" encoding="iso-8859-1"?><svg><metadata><Work><title>Café</title></Work></metadata></svg>'
    )
    assert read_metadata(drawing.encode("latin-1")) == {"title": ["Café"]}


def test_an_encoding_that_is_none_is_a_broken_file() -> None:
    with pytest.raises(ValueError, match="not well-formed"):
        read_metadata(b'<?xml version="1.0" encoding="klingon"?><svg><metadata>\xe9</metadata></svg>')
