"""The result of a statement is one of four."""

from yolo_feiou.paper.statement import FAILS, HOLDS, UNTESTED, judge_once, judge_under, untested


def test_results_are_named_by_what_holds():
    assert judge_once(True, "x").word == HOLDS
    assert judge_once(False, "x").word == FAILS
    assert judge_under({"a": True, "b": True}, "x").word == HOLDS
    assert judge_under({"a": False, "b": False}, "x").word == FAILS
    assert judge_under({"a": False, "b": True}, "x").ours == "for b; not for a. x"
    assert untested("why")(None).word == UNTESTED
