import sqlite3
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from typing_extensions import override

from tests.io_shell.keys.moving_clock import BEGIN, MovingClock
from voxplan.io_shell.keys.asking import NewKey
from voxplan.io_shell.keys.file import KeyFile
from voxplan.io_shell.keys.key import IssuedKey, KeyProblem, KeyStoreProblem, UnknownKey
from voxplan.io_shell.keys.secret import is_id, kept_of, new_secret

NAMES = ("alice", "bob", "carol")

# Makes keys of its own, and finds each of them.
MAKER = """\
import sys
from pathlib import Path
from voxplan.io_shell.keys.asking import NewKey
from voxplan.io_shell.keys.file import KeyFile

file = KeyFile(Path(sys.argv[1]))
for number in range(40):
    issued = file.create(NewKey(name=f"{sys.argv[2]}{number}"))
    assert file.find(issued.secret) == issued.key
    file.note_uses({issued.key.id: file.now()})
    if number % 2:
        file.revoke(issued.key.id)
file.close()
"""


@pytest.fixture
def clock() -> MovingClock:
    """The time of the file."""
    return MovingClock()


@pytest.fixture
def file(tmp_path: Path, clock: MovingClock) -> Iterator[KeyFile]:
    """Keys in a file that is not there yet."""
    file = KeyFile(tmp_path / "keys.sqlite", clock)
    yield file
    file.close()


class Keys(RuleBasedStateMachine):
    """One file, opened twice, beside a plain memory of what was done to it."""

    def __init__(self) -> None:
        """No keys yet."""
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.clock = MovingClock()
        self.files = [KeyFile(Path(self.folder.name, "keys.sqlite"), self.clock) for _ in range(2)]
        self.files[0].make()
        self.issued: list[IssuedKey] = []
        self.revoked: set[str] = set()

    @override
    def teardown(self) -> None:
        """Let go of the file."""
        for file in self.files:
            file.close()
        self.folder.cleanup()

    @rule(
        file=st.integers(0, 1),
        name=st.sampled_from(NAMES),
        lasts_s=st.none() | st.integers(1, 100),
        tags=st.lists(st.text("ab`\"'", min_size=1)),
    )
    def create(self, file: int, name: str, lasts_s: int | None, tags: list[str]) -> None:
        """A name can be taken when no key that is not revoked has it."""
        new = NewKey(name=name, expires_in=lasts_s, tags=tuple(tags))
        if any(each.key.name == name and each.key.id not in self.revoked for each in self.issued):
            with pytest.raises(KeyProblem, match="exists"):
                self.files[file].create(new)
        else:
            self.issued.append(self.files[file].create(new))

    @rule(file=st.integers(0, 1), name=st.sampled_from(NAMES))
    def revoke_by_name(self, file: int, name: str) -> None:
        """The one that has the name now."""
        meant = [each.key.id for each in self.issued if each.key.name == name and each.key.id not in self.revoked]
        if meant:
            assert self.files[file].revoke(name).id == meant[0]
            self.revoked.add(meant[0])
        else:
            with pytest.raises(UnknownKey):
                self.files[file].revoke(name)

    @rule(file=st.integers(0, 1), which=st.integers(0, 100))
    def revoke_by_id(self, file: int, which: int) -> None:
        """As often as one likes."""
        if self.issued:
            key_id = self.issued[which % len(self.issued)].key.id
            self.files[file].revoke(key_id)
            self.revoked.add(key_id)

    @rule(seconds=st.integers(1, 60))
    def pass_by(self, seconds: int) -> None:
        """Time."""
        self.clock.pass_by(seconds=seconds)

    @invariant()
    def each_is_found_as_it_is(self) -> None:
        """Through both, and as what it is now; all are listed in order, none with its secret."""
        for file in self.files:
            for issued in self.issued:
                found = file.find(issued.secret)
                assert found is not None
                assert (found.id, found.name, found.tags) == (issued.key.id, issued.key.name, issued.key.tags)
                assert found.state(self.clock.now) == self.state(issued)
            assert [key.id for key in file.all_keys()] == [issued.key.id for issued in self.issued]

    def state(self, issued: IssuedKey) -> str:
        """Remembered, not read."""
        end = issued.key.expires_at
        if issued.key.id in self.revoked:
            return "revoked"
        return "expired" if end is not None and end <= self.clock.now else "active"


TestKeys = Keys.TestCase


def test_a_key_is_what_was_asked_for(file: KeyFile) -> None:
    """Found by its secret, with everything that was said of it."""
    new = NewKey(name="alice", expires_in=60, allowed=("whisper", "live"), tags=("t",), may_simulate=True, sees_trail=True)
    issued = file.create(new)
    key = file.find(issued.secret)
    assert key == issued.key
    assert key is not None
    assert is_id(key.id)
    assert (key.name, key.allowed, key.tags, key.may_simulate, key.sees_trail) == (
        "alice",
        ("whisper", "live"),
        ("t",),
        True,
        True,
    )
    assert (key.created_at, key.expires_at, key.hint) == (BEGIN, BEGIN + timedelta(seconds=60), issued.secret[-4:])


def test_no_other_secret_finds_it(file: KeyFile) -> None:
    """Neither another one, nor its id, nor what is kept of it."""
    issued = file.create(NewKey(name="alice"))
    others = (new_secret(), issued.key.id, kept_of(issued.secret).hex(), issued.secret[:-1], f"{issued.secret} ", "", "'; --")
    assert [file.find(other) for other in others] == [None] * len(others)


def test_the_file_holds_no_secret(file: KeyFile) -> None:
    """Not a byte of it but the hint."""
    issued = file.create(NewKey(name="alice"))
    content = b"".join(part.read_bytes() for part in file.path.parent.iterdir())
    assert issued.secret.encode() not in content
    assert issued.secret[3:-4].encode() not in content
    assert kept_of(issued.secret) in content


def test_uses_are_noted_and_never_go_back(file: KeyFile) -> None:
    """The latest stays, whoever writes last."""
    issued = file.create(NewKey(name="alice"))
    file.note_uses({issued.key.id: BEGIN + timedelta(minutes=2), "key_nobody": BEGIN})
    file.note_uses({issued.key.id: BEGIN + timedelta(minutes=1)})
    assert [key.last_used_at for key in file.all_keys()] == [BEGIN + timedelta(minutes=2)]


def test_what_was_revoked_first_counts(file: KeyFile, clock: MovingClock) -> None:
    """Again is no error, and changes nothing."""
    issued = file.create(NewKey(name="alice"))
    first = file.revoke("alice")
    clock.pass_by(days=1)
    assert file.revoke(issued.key.id) == first
    assert first.revoked_at == BEGIN


def test_an_expired_key_keeps_its_name(file: KeyFile, clock: MovingClock) -> None:
    """Until it is revoked, so that nobody takes over what a log says of somebody else."""
    file.create(NewKey(name="alice", expires_in=1))
    clock.pass_by(days=1)
    with pytest.raises(KeyProblem, match="`alice` exists: revoke it first"):
        file.create(NewKey(name="alice"))
    file.revoke("alice")
    assert file.create(NewKey(name="alice")).key.name == "alice"


def test_a_damaged_row_is_a_fault_of_the_file(file: KeyFile) -> None:
    """And not a wrong key."""
    issued = file.create(NewKey(name="alice"))
    with closing(sqlite3.connect(file.path)) as other, other:
        other.execute("UPDATE keys SET tags = 'no json'")
    with pytest.raises(KeyStoreProblem, match="damaged"):
        file.find(issued.secret)


def test_two_processes_at_once(tmp_path: Path) -> None:
    """Each makes, finds and revokes its own in a file that neither of them found; in the end all are there."""
    path = tmp_path / "keys.sqlite"
    makers = [
        subprocess.Popen([sys.executable, "-c", MAKER, str(path), name], stderr=subprocess.PIPE) for name in ("a", "b", "c")
    ]
    said = [maker.communicate(timeout=60)[1] for maker in makers]
    assert ([maker.returncode for maker in makers], said) == ([0, 0, 0], [b"", b"", b""])
    file = KeyFile(path)
    keys = file.all_keys()
    file.close()
    assert (len(keys), sum(key.revoked_at is not None for key in keys)) == (120, 60)
    assert all(key.last_used_at is not None for key in keys)


def test_thirty_two_threads(file: KeyFile) -> None:
    """Each finds what it made, and of those that want one name one gets it."""
    together, made, refused = threading.Barrier(32), list[IssuedKey](), list[str]()
    wrong = list[str]()

    def work(number: int) -> None:
        together.wait(10)
        mine = file.create(NewKey(name=f"n{number}"))
        if file.find(mine.secret) != mine.key:
            wrong.append(mine.key.name)
        try:
            made.append(file.create(NewKey(name="same")))
        except KeyProblem as problem:
            refused.append(str(problem))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(32)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert (len(made), len(refused), wrong) == (1, 31, [])
    assert len(file.all_keys()) == 33


def test_nothing_that_is_printed_holds_a_secret(file: KeyFile) -> None:
    """Neither keys nor problems."""
    issued = file.create(NewKey(name="alice"))
    with pytest.raises(UnknownKey) as unknown:
        file.revoke("bob")
    file.path.write_bytes(b"nonsense" * 1000)
    with pytest.raises(KeyStoreProblem) as broken:
        file.find(issued.secret)
    for text in (repr(issued), str(issued), repr(issued.key), str(unknown.value), str(broken.value), repr(broken.value)):
        assert issued.secret not in text
        assert kept_of(issued.secret).hex() not in text
        assert repr(kept_of(issued.secret)) not in text
