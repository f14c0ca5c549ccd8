"""That a page's mistakes are found: figures and sentences that nothing shows, and what shows them and is not there."""

import re

from tests.pages.claims import exempt, measured, mistakes, shown, unbound, without_evidence


def test_a_figure_without_a_claim_or_with_another_value_is_found():
    page = (
        "Made of 12 parts,\nin 3.5 s. `seeds=0,1` and [here](x1.md) is typed:\n\n```\nyolo 5\n```\n\n1. v8 of 2026.\n"
    )
    right = [measured("of 12 parts, in 3.5 s.", "README.md"), exempt("2026", "a year")]
    assert mistakes(page, right) == []
    (missing, *numbers) = mistakes(page, [measured("of 13 parts, in 3.5 s.", "README.md"), exempt("2026", "a year")])
    assert missing.startswith("not there: 'of 13 parts, in 3.5 s.' (by README.md)")
    assert [re.search("number ([^:]*):", number)[1] for number in numbers] == ["12", "3.5"]
    table = "\n\n| a | b |\n|--|--|\n| 1 | 2 |\n\nAnd 3."
    assert [text[:26] for text in mistakes(table, [shown("| a | b |", "x")])] == ["no claim has the number 3:"]
    generated = "\n\n<!-- generated: t -->\n\n| a | b |\n|--|--|\n| 1 | two words |\n\n<!-- end -->\n\nAnd then 3."
    assert [text[:26] for text in mistakes(generated, [])] == ["no claim has the number 3:"]
    assert unbound(generated, []) == ["And then 3."]
    assert without_evidence([measured("a", "none.csv"), shown("b", "test_readme.py::test_none"), measured("c")]) == [
        "nothing shows 'c'",
        "none.csv",
        "tests/test_readme.py::test_none",
    ]


def test_a_sentence_of_which_nothing_is_claimed_is_found():
    page = (
        "# A title of words\n\nIt is fast; see Eq. 7 of Zhang et al. for why. It has `a. b; c`\nof its own.\n\n"
        "- One item is\n  this.\n- **Another** is that.\n\n1. A first of all.\n\n| a head | of it |\n|--|--|\n"
        "| one row | is true |\n| other row | is false |\n\n```\nno sentence. At all\n```\n"
    )
    claims = [
        *(shown("is fast;", "x"), shown("One item is this", "x"), exempt("Eq. 7 of Zhang et al.", "a name")),
        *(exempt("A first of all.", "advice"), shown("is false", "x")),
    ]
    assert unbound(page, claims) == [
        "see Eq. 7 of Zhang et al. for why.",
        "It has `a. b; c` of its own.",
        "- **Another** is that.",
        "| one row | is true |",
    ]
    claims += [shown("| one row |", "x"), shown("why.", "x"), exempt("**Another** is that.", "x")]
    assert unbound(page, [*claims, exempt("It has `a. b; c`", "not all of it")]) == ["It has `a. b; c` of its own."]
    assert unbound(page, [*claims, exempt("It has `a. b; c` of its own.", "x")]) == []
