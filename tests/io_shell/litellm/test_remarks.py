"""Remarks are told to whom they are true."""

from voxplan.engine.documents.tree import Place
from voxplan.io_shell.litellm.remarks import Remarks

HERE = Place(1, 1)


def test_each_use_is_told_what_is_for_it() -> None:
    """And what is for both."""
    remarks = Remarks()
    remarks.warn(HERE, "both")
    remarks.warn(HERE, "spec", only="import")
    remarks.warn(HERE, "server", only="serve")
    assert [each.message for each in remarks.told("import")] == ["both", "spec"]
    assert [each.message for each in remarks.told("serve")] == ["both", "server"]


def test_adopted_remarks_stay_for_whom_they_are() -> None:
    """Only what they are about is new."""
    notes, remarks = Remarks(), Remarks()
    notes.warn(HERE, "spec", only="import")
    remarks.adopt(notes.found, ("routes", "r"))
    assert [each.about for each in remarks.told("import")] == [("routes", "r")]
    assert remarks.told("serve") == ()
