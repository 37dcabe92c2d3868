import email.parser
import email.policy
import os
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing
from itertools import pairwise
from pathlib import Path
from typing import Final

import anyio
import anyio.lowlevel
import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from voxplan.io_shell.audio.source import AudioSource
from voxplan.io_shell.gateway.forms import Form, FormLimits, FormProblem, read_form

pytestmark = pytest.mark.anyio

TYPE: Final = "multipart/form-data; boundary=B"
LIMITS: Final = FormLimits()
SMALL: Final = b"fLaC" + bytes(range(256)) * 4
LARGE: Final = b"fLaC" + bytes(range(256)) * 12_000  # three times what stays in memory
sees_descriptors = pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="looks into /proc")

Read = tuple[tuple[tuple[str, str], ...], tuple[str, str, bytes] | None]
"""A form as a value: its fields, and its file with name, type and bytes."""


def part(value: bytes, name: str = "file", filename: str | None = None, *headers: str) -> bytes:
    """One part as curl writes it."""
    named = f'Content-Disposition: form-data; name="{name}"' + (f'; filename="{filename}"' if filename is not None else "")
    return "\r\n".join(["--B", named, *headers, "", ""]).encode() + value + b"\r\n"


AUDIO: Final = part(SMALL, "file", "talk.flac", "Content-Type: audio/flac")
MODEL: Final = part(b"whisper", "model")
END: Final = b"--B--\r\n"
WHOLE: Final = MODEL + AUDIO + part("Ääkköset\r\n--Bx".encode(), "prompt") + END


async def given_as(pieces: Sequence[bytes]) -> AsyncIterator[bytes]:
    """A stream of these pieces."""
    for piece in pieces:
        await anyio.lowlevel.checkpoint()
        yield piece


async def form_in(*pieces: bytes, content_type: str = TYPE, limits: FormLimits = LIMITS) -> Form:
    """The form in these pieces."""
    return await read_form(given_as(pieces), content_type, limits)


async def whole(audio: AudioSource, chunk_bytes: int = 65536) -> bytes:
    """Everything, through `chunks`."""
    return b"".join([chunk async for chunk in audio.chunks(chunk_bytes)])


async def read(pieces: Sequence[bytes], content_type: str = TYPE, limits: FormLimits = LIMITS) -> Read:
    """The form in these pieces, as a value."""
    async with await read_form(given_as(pieces), content_type, limits) as form:
        upload = form.upload
        if upload is None:
            return form.fields, None
        return form.fields, (upload.filename, upload.content_type, await whole(upload.source))


async def problem_of(*pieces: bytes, content_type: str = TYPE, limits: FormLimits = LIMITS) -> FormProblem:
    """The problem with the form in these pieces."""
    with pytest.raises(FormProblem) as caught:
        await form_in(*pieces, content_type=content_type, limits=limits)
    assert "\n" not in caught.value.message
    return caught.value


def verdict(pieces: Sequence[bytes], limits: FormLimits = LIMITS) -> Read | tuple[int, str | None, str]:
    """What comes of these pieces: a form, or the status, field and code of its problem."""

    async def run() -> Read | tuple[int, str | None, str]:
        try:
            return await read(pieces, limits=limits)
        except FormProblem as problem:
            return problem.status, problem.param, problem.code

    return anyio.run(run)


def cut(body: bytes, places: Sequence[int]) -> list[bytes]:
    """`body` in pieces that end at `places`."""
    borders = [0, *sorted(place % (len(body) + 1) for place in places), len(body)]
    return [body[one:other] for one, other in pairwise(borders)]


def temporary_files() -> set[str]:
    """The descriptors of this process that point at files without a name."""
    links = [str(entry.readlink()) for entry in Path("/proc/self/fd").iterdir() if entry.is_symlink()]
    return {link for link in links if "(deleted)" in link}


async def test_fields_and_file_are_told_apart() -> None:
    """Text is text, in order and with repetitions, before the file and after it; the file keeps name, type and bytes."""
    body = MODEL + AUDIO + part(b"a", "fallbacks[]") + part(b"", "fallbacks[]") + END
    assert await read([body]) == (
        (("model", "whisper"), ("fallbacks[]", "a"), ("fallbacks[]", "")),
        ("talk.flac", "audio/flac", SMALL),
    )


@pytest.mark.parametrize("data", [b"", SMALL, LARGE], ids=["empty", "small", "large"])
async def test_the_upload_is_read_by_several_at_once(data: bytes) -> None:
    """Two readers at once and one afterwards get the same bytes, whether they lie in memory or on disk."""
    async with await form_in(part(data, "file", "../talk.bin"), END) as form:
        assert form.upload is not None
        audio = form.upload.source
        async with aclosing(audio.chunks(5000)) as other:
            both = [(one, await anext(other)) async for one in audio.chunks(5000)]
            assert await anext(other, None) is None
        assert b"".join(one for one, _ in both) == b"".join(another for _, another in both) == data
        assert await whole(audio) == data
        assert (audio.size, form.upload.size) == (len(data), len(data))
        assert await audio.head() == data[:4096]
        assert audio.filename == ("talk.flac" if data else "talk.bin")


@given(st.lists(st.integers(0, 10_000), max_size=12), st.sampled_from([1, 100, 1 << 20]))
def test_any_split_gives_the_same_form(places: list[int], memory_bytes: int) -> None:
    """However the body is cut, in memory or on disk, the form is the same."""
    assert verdict(cut(b"\r\n" + WHOLE, places), FormLimits(memory_bytes=memory_bytes)) == verdict([WHOLE])


def test_single_bytes_give_the_same_form() -> None:
    """One byte at a time, with empty pieces between them."""
    assert verdict([piece for index in range(len(WHOLE)) for piece in (WHOLE[index : index + 1], b"")]) == verdict([WHOLE])


mutations = st.lists(
    st.tuples(
        st.integers(0, 10_000),
        st.integers(0, 40),
        st.one_of(st.binary(max_size=6), st.sampled_from([b"\r\n", b"--B", b"\r\n--B\r\n", b"--B--", b'"', b";", b":", b"\x00"])),
    ),
    max_size=6,
)


@given(mutations, st.lists(st.integers(0, 10_000), max_size=6))
def test_mutated_bodies_are_forms_or_problems(changes: list[tuple[int, int, bytes]], places: list[int]) -> None:
    """Nothing but FormProblem is ever raised, and the verdict does not depend on how the body was cut."""
    body = WHOLE
    for place, length, text in changes:
        start = place % (len(body) + 1)
        body = body[:start] + text + body[start + length :]
    assert verdict(cut(body, places)) == verdict([body])


@given(st.text(max_size=80) | st.text(max_size=30).map("multipart/form-data; boundary={}".format))
def test_mutated_content_types_are_forms_or_problems(content_type: str) -> None:
    """Whatever a header holds, nothing but FormProblem is raised."""

    async def run() -> bool:
        try:
            return len(await read([WHOLE], content_type)) == 2
        except FormProblem as problem:
            return problem.status in {400, 415}

    assert anyio.run(run)


letters = st.characters(codec="utf-8", exclude_categories=("Cc", "Cs"), exclude_characters='"\\')
names = st.text(letters, min_size=1, max_size=12).filter(lambda name: name != "file" and name.strip() == name)


@given(st.lists(st.tuples(names, st.text(st.characters(codec="utf-8"), max_size=40)), max_size=5), st.binary(max_size=3000))
def test_another_encoder_round_trips(fields: list[tuple[str, str]], audio: bytes) -> None:
    """What httpx writes is what is read, in every language, with any bytes."""
    data: dict[str, list[str]] = {}
    for name, value in fields:
        data.setdefault(name, []).append(value)
    request = httpx.Request("POST", "http://x", data=data, files={"file": ("tälk.flac", audio, "audio/flac")})
    expected = tuple((name, value) for name, values in data.items() for value in values)
    pieces = cut(request.read(), [100, 1000])
    assert anyio.run(read, pieces, request.headers["content-type"]) == (expected, ("tälk.flac", "audio/flac", audio))


@given(st.dictionaries(st.text("abc[]_", min_size=1), st.text("xyz \t-B", max_size=30), max_size=5))
def test_another_parser_agrees(fields: dict[str, str]) -> None:
    """The standard library's parser of mail finds the same parts."""
    body = b"".join(part(value.encode(), name) for name, value in fields.items()) + AUDIO + END
    parsed = email.parser.BytesParser(policy=email.policy.HTTP).parsebytes(f"Content-Type: {TYPE}\r\n\r\n".encode() + body)
    parts = {each.get_param("name", header="content-disposition"): each for each in parsed.iter_parts()}
    found, file = anyio.run(read, [body])
    assert dict(found) == {name: each.get_content() for name, each in parts.items() if name != "file"} == fields
    assert file == (parts["file"].get_filename(), parts["file"].get_content_type(), SMALL)


@pytest.mark.parametrize(
    ("body", "filename"),
    [
        (part(SMALL, "file", ""), ""),
        (part(SMALL, "file", None, "Content-Type: audio/wav"), ""),
        (part(SMALL, "file", "C:\\talks\\talk.wav"), "talk.wav"),
        (part(SMALL, "file", "a;b.wav", "Content-Transfer-Encoding: Binary"), "a;b.wav"),
        (AUDIO.replace(b'filename="talk.flac"', b"filename*=utf-8''t%C3%A4lk.flac"), "tälk.flac"),
        (AUDIO.replace(b'filename="talk.flac"', b"filename=talk.flac"), "talk.flac"),
        (AUDIO.replace(b"talk", b"t\xe4lk"), "t\ufffdlk.flac"),
        (AUDIO.replace(b"Content-Disposition: ", b"content-disposition:"), "talk.flac"),
        (AUDIO.replace(b"--B\r\n", b"--B  \r\n").replace(b"--B  ", b"--B", 1), "talk.flac"),
    ],
)
async def test_what_clients_write_is_understood(body: bytes, filename: str) -> None:
    """Missing, bare, extended and badly encoded names; transfer encodings that change nothing; headers in any case."""
    fields, file = await read([body + END])
    assert fields == ()
    assert file is not None
    assert (file[0], file[2]) == (filename, SMALL)


@pytest.mark.parametrize("content_type", ['Multipart/Form-Data; charset=utf-8; boundary="B"', "multipart/form-data;boundary=B"])
async def test_the_boundary_is_found(content_type: str) -> None:
    """In any case, in quotes, beside other parameters."""
    assert (await read([WHOLE], content_type))[0][0] == ("model", "whisper")


async def test_declared_charsets_are_read() -> None:
    """What old clients declare for their text is how it is decoded."""
    body = part(b"\xe4", "prompt", None, "Content-Type: text/plain; charset=ISO-8859-1") + END
    assert await read([body]) == ((("prompt", "ä"),), None)


async def test_a_form_may_hold_nothing() -> None:
    """Whether a file is needed is not for the form to say; what follows the last boundary is no part of it."""
    assert await read([END + b"epilogue"]) == ((), None)


CASES: Final[dict[str, tuple[bytes, int, str, str | None]]] = {
    "nothing": (b"", 400, "truncated_form", None),
    "cut off": (WHOLE[:-4], 400, "truncated_form", None),
    "cut off in a header": (WHOLE[:20], 400, "truncated_form", None),
    "another boundary": (WHOLE.replace(b"--B", b"--C"), 400, "invalid_form", None),
    "a preamble": (b"\r\nhello\r\n" + WHOLE, 400, "invalid_form", None),
    "JSON": (b'{"model": "whisper"}', 400, "invalid_form", None),
    "two files": (AUDIO + AUDIO + END, 400, "duplicate_file", "file"),
    "a file elsewhere": (part(b"x", "audio", "a.wav") + END, 400, "unexpected_file", "audio"),
    "text for a file": (part(b"@talk.wav") + END, 400, "invalid_file", "file"),
    "no name": (AUDIO.replace(b'name="file"; ', b"") + END, 400, "invalid_form", None),
    "no disposition": (b"--B\r\n\r\nx\r\n" + END, 400, "invalid_form", None),
    "an attachment": (AUDIO.replace(b"form-data", b"attachment") + END, 400, "invalid_form", None),
    "a name that is not UTF-8": (MODEL.replace(b"model", b"m\xff") + END, 400, "invalid_form", None),
    "a header without a colon": (AUDIO.replace(b"Content-Type:", b"Content Type") + END, 400, "invalid_form", None),
    "a line feed in a header": (AUDIO.replace(b"audio/flac", b"audio\nflac") + END, 400, "invalid_form", None),
    "a header twice": (part(b"x", "a", None, "X-A: 1", "x-a: 2") + END, 400, "invalid_form", None),
    "a long header": (part(b"x", "a", None, "X-A: " + "x" * 5000) + END, 400, "invalid_form", None),
    "many headers": (part(b"x", "a", None, *(f"X-{n}: 1" for n in range(20))) + END, 400, "invalid_form", None),
    "base64": (part(b"eA==", "file", "a", "Content-Transfer-Encoding: base64") + END, 400, "invalid_form", "file"),
    "not UTF-8": (part(b"\xff", "prompt") + END, 400, "invalid_text", "prompt"),
    "an unknown charset": (part(b"x", "a", None, "Content-Type: text/plain; charset=utf-7") + END, 400, "invalid_text", "a"),
}


@pytest.mark.parametrize("case", CASES)
async def test_what_is_wrong_is_said(case: str) -> None:
    """Each offence has its status, its code, and its field where there is one."""
    body, status, code, param = CASES[case]
    problem = await problem_of(body)
    assert (problem.status, problem.code, problem.param) == (status, code, param)


@pytest.mark.parametrize(
    ("content_type", "status"),
    [
        ("", 415),
        ("application/json", 415),
        ("multipart/mixed; boundary=B", 415),
        ("☃", 415),
        ("multipart/form-data", 400),
        ("multipart/form-data; boundary=", 400),
        (f"multipart/form-data; boundary={'x' * 300}", 400),
        ("multipart/form-data; boundary=a\rb", 400),
    ],
)
async def test_other_content_types_are_refused_unread(content_type: str, status: int) -> None:
    """What is not a form, or does not say its boundary, is refused before its first byte is asked for."""
    source = Counted(WHOLE)
    with pytest.raises(FormProblem) as problem:
        await read_form(source.pieces(), content_type, LIMITS)
    assert (problem.value.status, source.given_bytes) == (status, 0)


class Counted:
    """A body that comes in small pieces and says how many bytes were taken and whether it was closed; unending after `body`."""

    def __init__(self, body: bytes) -> None:
        """Nothing taken yet."""
        self._body = body
        self.given_bytes = 0
        self.closed = False

    async def pieces(self, piece_bytes: int = 1000) -> AsyncIterator[bytes]:
        """The body, then zeros for ever."""
        try:
            while True:
                await anyio.lowlevel.checkpoint()
                piece = self._body[self.given_bytes : self.given_bytes + piece_bytes] or bytes(piece_bytes)
                self.given_bytes += len(piece)
                yield piece
        finally:
            self.closed = True


@pytest.mark.parametrize(
    ("body", "limits", "code", "param"),
    [
        (AUDIO[:-2], FormLimits(file_bytes=5000), "file_too_large", "file"),
        (part(b"x", "prompt")[:-2], FormLimits(field_bytes=5000), "field_too_large", "prompt"),
        (MODEL + part(b"x", "prompt")[:-2], FormLimits(all_fields_bytes=5000), "fields_too_large", None),
        (WHOLE, FormLimits(overhead_bytes=5000), "body_too_large", None),
        (b"\r\n" * 3000, FormLimits(overhead_bytes=5000), "body_too_large", None),
    ],
    ids=["file", "field", "fields", "epilogue", "preamble"],
)
async def test_limits_hold_while_uploading(body: bytes, limits: FormLimits, code: str, param: str | None) -> None:
    """An unending body is refused with 413 as soon as it is over the limit, and its stream is closed."""
    source = Counted(body)
    with pytest.raises(FormProblem) as problem:
        await read_form(source.pieces(), TYPE, limits)
    assert (problem.value.status, problem.value.code, problem.value.param) == (413, code, param)
    assert source.given_bytes <= 5000 + len(body) + 2000
    assert source.closed


async def test_the_limits_themselves_are_allowed() -> None:
    """A file and fields of exactly as many bytes as may be."""
    body = part(b"12345", "a") + part(b"12345", "b") + AUDIO + END
    exact = FormLimits(file_bytes=len(SMALL), field_bytes=5, all_fields_bytes=10, fields=2)
    assert (await read([body], limits=exact))[0] == (("a", "12345"), ("b", "12345"))
    less = FormLimits(file_bytes=len(SMALL) - 1), FormLimits(field_bytes=4), FormLimits(all_fields_bytes=9), FormLimits(fields=1)
    assert [(await problem_of(body, limits=each)).status for each in less] == [413, 413, 413, 400]


@sees_descriptors
async def test_the_spool_is_gone_with_its_form() -> None:
    """A large upload is on disk while its form is open, and gone afterwards, also when the work on it failed."""
    before = temporary_files()

    async def fail() -> None:
        async with await form_in(part(LARGE, "file", "a.flac"), END):
            assert temporary_files() > before
            raise LookupError

    with pytest.raises(LookupError):
        await fail()
    assert temporary_files() == before


@sees_descriptors
@pytest.mark.parametrize("body", [LARGE, part(LARGE, "file", "a") + AUDIO], ids=["no form", "two files"])
async def test_a_problem_leaves_no_spool(body: bytes) -> None:
    """What was written before the problem came up is gone."""
    before = temporary_files()
    await problem_of(body)
    assert temporary_files() == before


@sees_descriptors
async def test_a_client_that_goes_leaves_no_spool() -> None:
    """What the stream raises comes through as it is, and the spool is gone."""
    before = temporary_files()

    async def going() -> AsyncIterator[bytes]:
        yield part(LARGE, "file", "a")[:-2]
        await anyio.lowlevel.checkpoint()
        assert temporary_files() > before
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        await read_form(going(), TYPE, LIMITS)
    assert temporary_files() == before


@sees_descriptors
async def test_a_cancelled_upload_leaves_no_spool() -> None:
    """A client that is too slow is left in the middle of its upload; its stream is closed and its spool gone."""
    before, waits, closed = temporary_files(), anyio.Event(), anyio.Event()

    async def slow() -> AsyncIterator[bytes]:
        try:
            yield part(LARGE, "file", "a")[:-2]
            waits.set()
            await anyio.sleep_forever()
        finally:
            closed.set()

    async def upload() -> None:
        await read_form(slow(), TYPE, LIMITS)
        pytest.fail("read")

    async with anyio.create_task_group() as group:
        group.start_soon(upload)
        await waits.wait()
        assert temporary_files() > before
        group.cancel_scope.cancel()
    assert closed.is_set()
    assert temporary_files() == before


async def test_a_disk_that_cannot_hold_it_is_the_servers_fault(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No file can be made: 503, and nothing about folders in the message."""
    monkeypatch.setattr(tempfile, "tempdir", os.fspath(tmp_path / "missing"))
    problem = await problem_of(part(LARGE, "file", "a"), END)
    assert (problem.status, problem.code, problem.message) == (503, "no_room", "there is no room to hold the upload")


async def test_the_parser_writes_no_log(caplog: pytest.LogCaptureFixture) -> None:
    """Whoever sends malformed bodies cannot fill the log with them."""
    await problem_of(b"x" * 1000)
    await problem_of(MODEL + b"--Bx")
    assert caplog.records == []
