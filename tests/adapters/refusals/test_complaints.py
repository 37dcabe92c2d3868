import pytest

from voxplan.adapters.refusals.complaints import Complaint, complaint_of


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        (b'{"error":{"message":"m","type":"T","code":"C","param":null}}', Complaint("m", ("c", "t"))),
        (b'{"error":{"message":"m","code":400}}', Complaint("m")),
        (b'{"error":"m"}', Complaint("m")),
        (b'{"detail":"m"}', Complaint("m")),
        (b'{"detail":{"status":"S","message":"m"}}', Complaint("m", ("s",))),
        (b'{"detail":[{"msg":"a","type":"t"},{"msg":"b"}]}', Complaint("a; b", ("t",))),
        (b'{"err_code":"E","err_msg":"m"}', Complaint("m", ("e",))),
        (b'{"category":"X","message":"m"}', Complaint("m", ("x",))),
        (b'{"object":"error","message":"m","type":"T"}', Complaint("m", ("t",))),
        (b'[{"error":{"message":"m","status":"S","details":[{"reason":"R"}]}}]', Complaint("m", ("s", "r"))),
        (b" bare text\n", Complaint("bare text")),
        (b'"quoted"', Complaint("quoted")),
    ],
)
def test_every_envelope_is_read(body: bytes, complaint: Complaint) -> None:
    """The message and the codes, wherever they stand."""
    assert complaint_of(body) == complaint


@pytest.mark.parametrize(
    "body", [b'{"foo":"bar"}', b"[]", b"{}", b"null", b"5", b"[[1]]", b'{"error":{}}', b'{"detail":[]}', b'{"error":null}']
)
def test_json_that_complains_of_nothing(body: bytes) -> None:
    """No message and no code is no complaint."""
    assert complaint_of(body) is None


@pytest.mark.parametrize("body", [b"", b"<html>", b"  <!doctype html>"])
def test_a_page_says_nothing(body: bytes) -> None:
    """HTML is not repeated."""
    assert complaint_of(body) == Complaint("")
