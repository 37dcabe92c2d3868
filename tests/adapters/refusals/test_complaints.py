import pytest

from voxplan.adapters.refusals.complaints import Complaint, complains, complaint_of, status_of


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
        (b'\xef\xbb\xbf{"error":{"message":"m","code":"C"}}', Complaint("m", ("c",))),
        (b'{"errors":[{"message":"m","code":"C"}]}', Complaint("m", ("c",))),
        (b'{"error":"","message":"m"}', Complaint("m")),
        (b'{"error":"Bad Request","message":"m","statusCode":400}', Complaint("Bad Request: m")),
        (b'{"error":{"message":"m","innererror":{"code":"C"}}}', Complaint("m", ("c",))),
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


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b'{"error":{"code":429}}', 429),
        (b'{"error":{"code":"401"}}', 401),
        (b'{"error":{"type":"server_error","code":null}}', 500),
        (b'{"error":"m","status":503}', 503),
        (b'{"object":"error","code":404}', 404),
        (b'[{"error":{"code":400,"status":"INVALID_ARGUMENT"}}]', 400),
        (b'{"error":{"code":200}}', None),
        (b'{"error":{"code":true}}', None),
        (b'{"error":{"code":4040}}', None),
        (b'{"error":"m"}', None),
        (b"[1]", None),
        (b"text", None),
    ],
)
def test_the_status_that_an_error_says_it_has(body: bytes, status: int | None) -> None:
    """A number of HTTP's, or what its code stands for."""
    assert status_of(body) == status


@pytest.mark.parametrize(
    ("body", "so"),
    [
        (b'{"error":"m"}', True),
        (b'{"detail":"m"}', True),
        (b'{"detail":"m","text":"a"}', False),
        (b'{"error":"m","text":"a"}', True),
        (b'{"error":0}', False),
        (b'{"error":5}', False),
        (b'{"object":"list"}', False),
        (b"[]", False),
        (b"5", False),
        (b"{", False),
    ],
)
def test_an_envelope_of_errors(body: bytes, so: bool) -> None:
    """Told from a success that has fields of these names."""
    assert complains(body) is so
