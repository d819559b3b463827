import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from pipeline.labeling.nested import nested_phrases
from pipeline.vocabulary.hierarchy import ancestors
from pipeline.vocabulary.mining.ngrams import whole_keys

Member = tuple[str, str, int]  # phrase, language, label
Parent = tuple[int, int | None, str | None]


def key(phrase: str, language: str = "en") -> int:
    return int(whole_keys([phrase], language)[0])


def members_of(rows: list[Member]) -> pa.Table:
    return pa.table(
        {
            "phrase_id": pa.array([key(phrase, language) for phrase, language, _ in rows], pa.int64()),
            "label_id": pa.array([label for _, _, label in rows], pa.int32()),
            "phrase": pa.array([phrase for phrase, _, _ in rows], pa.string()),
            "language": pa.array([language for _, language, _ in rows], pa.string()),
        }
    )


def forest_of(rows: list[Parent]) -> pa.Table:
    return pa.table(
        {
            "label_id": pa.array([row[0] for row in rows], pa.int32()),
            "parent": pa.array([row[1] for row in rows], pa.int32()),
            "parent_how": pa.array([row[2] for row in rows], pa.string()),
        }
    )


def nested(rows: list[Member], parents: list[Parent], *kinds: str) -> set[tuple[str, str]]:
    """Pairs of outer and inner phrase."""
    names = {key(phrase, language): phrase for phrase, language, _ in rows}
    table = nested_phrases(members_of(rows), forest_of(parents), kinds or ("head", "hypernym", "containment"))
    got = [(names[o], names[i]) for o, i in zip(*(table[c].to_pylist() for c in table.column_names), strict=True)]
    assert len(got) == len(set(got))
    return set(got)


KITCHEN = [("kitchen table", "en", 0), ("table", "en", 1), ("kitchen", "en", 2)]


def test_the_kind_inside_a_compound_counts_and_its_modifier_does_not() -> None:
    parents: list[Parent] = [(0, 1, "head"), (1, None, None), (2, None, None)]
    assert nested(KITCHEN, parents) == {("kitchen table", "table")}


def test_what_the_hierarchy_does_not_know_stays_hidden() -> None:
    parents: list[Parent] = [(0, None, None), (1, None, None), (2, None, None)]
    assert nested(KITCHEN, parents) == set()


def test_a_parent_of_another_kind_ends_the_way_up() -> None:
    rows = [("old kitchen table", "en", 0), ("kitchen table", "en", 1), ("table", "en", 2)]
    parents: list[Parent] = [(0, 1, "head"), (1, 2, "containment"), (2, None, None)]
    assert nested(rows, parents, "head") == {("old kitchen table", "kitchen table")}
    assert nested(rows, parents) == {
        ("old kitchen table", "kitchen table"),
        ("old kitchen table", "table"),
        ("kitchen table", "table"),
    }


def test_an_inner_phrase_of_the_same_label_says_nothing_new() -> None:
    rows = [("sofa couch", "en", 0), ("couch", "en", 0), ("sofa", "en", 1)]
    assert nested(rows, [(0, 1, "head"), (1, None, None)]) == {("sofa couch", "sofa")}


def test_an_inner_phrase_may_be_any_member_of_the_ancestor() -> None:
    rows = [("beagle puppies", "en", 0), ("puppies", "en", 1), ("dog", "en", 1)]
    assert nested(rows, [(0, 1, "hypernym"), (1, None, None)]) == {("beagle puppies", "puppies")}


def test_the_same_letters_in_another_language_are_another_phrase() -> None:
    rows = [("hand tasche", "de", 0), ("hand", "en", 1)]
    assert nested(rows, [(0, 1, "head"), (1, None, None)]) == set()


def test_a_phrase_inside_twice_is_one_pair_and_the_phrase_itself_none() -> None:
    rows = [("knock knock", "en", 0), ("knock", "en", 1)]
    assert nested(rows, [(0, 1, "head"), (1, None, None)]) == {("knock knock", "knock")}


def test_labels_out_of_order_and_with_gaps_find_their_parents() -> None:
    rows = [("tea cup", "en", 90), ("cup", "en", 7)]
    assert nested(rows, [(90, 40, "head"), (7, None, None), (40, 7, "hypernym")]) == {("tea cup", "cup")}


def test_part_of_a_word_is_not_inside() -> None:
    rows = [("hotdog stand", "en", 0), ("dog", "en", 1)]
    assert nested(rows, [(0, 1, "head"), (1, None, None)]) == set()


def test_empty_tables_give_an_empty_table() -> None:
    assert nested([], []) == set()
    assert nested(KITCHEN, []) == set()


def test_the_result_is_sorted_whatever_the_order_of_rows() -> None:
    parents: list[Parent] = [(0, 1, "head"), (1, 2, "head"), (2, None, None)]
    ones = nested_phrases(members_of(KITCHEN), forest_of(parents))
    others = nested_phrases(members_of(KITCHEN[::-1]), forest_of(parents[::-1]))
    assert ones.equals(others)
    assert ones.equals(ones.sort_by([("phrase_id", "ascending"), ("inner", "ascending")]))
    assert ones.schema == pa.schema([("phrase_id", pa.int64()), ("inner", pa.int64())])


PHRASES = st.lists(
    st.lists(st.sampled_from(["a", "b", "c"]), min_size=1, max_size=4).map(" ".join), unique=True, max_size=12
)


@given(PHRASES, st.data())
def test_pairs_are_those_of_a_plain_loop(phrases: list[str], data: st.DataObject) -> None:
    rows = [(phrase, "en", data.draw(st.integers(0, 5))) for phrase in phrases]
    parents: list[Parent] = [(0, None, None)]
    for label in range(1, 6):
        above = data.draw(st.one_of(st.none(), st.integers(0, label - 1)))
        parents.append((label, above, data.draw(st.sampled_from(["head", "hypernym"])) if above is not None else None))
    above_of = ancestors(forest_of(parents), 9, ["head"])
    kin = set(zip(above_of["label_id"].to_pylist(), above_of["ancestor"].to_pylist(), strict=True))
    expected = {
        (outer, inner)
        for outer, _, lower in rows
        for inner, _, upper in rows
        if outer != inner and f" {inner} " in f" {outer} " and (lower, upper) in kin
    }
    assert nested(rows, parents, "head") == expected
