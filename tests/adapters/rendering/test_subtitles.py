import re
from html import unescape
from io import StringIO
from itertools import pairwise

import pysubs2
import pytest
import webvtt
from hypothesis import given
from hypothesis import strategies as st

from voxplan.adapters.rendering.pacing import LONGEST_MS, SHORTEST_MS, Cue
from voxplan.adapters.rendering.subtitles import cues, srt, vtt
from voxplan.adapters.rendering.wrapping import LINE, shown, width
from voxplan.engine.terms.transcript import Segment, Transcript, Word

LETTERS = "ab \n漢字、。かー\u0e01\u05d0\u0301\U0001f600\U0001f3fd\u200d<>&-:{}\\12.,!?"

# Up to 99 hours: that hours may have three digits is news to some parsers.
times = st.floats(0, 359_000, allow_nan=False)
texts = st.text(max_size=60) | st.text(alphabet=LETTERS, max_size=200)
names = st.none() | st.text(max_size=8) | st.sampled_from(["A", "B"])
segments = st.builds(Segment, text=texts, start=times, end=times, speaker=names)
words = st.builds(Word, word=st.text(min_size=1, max_size=12) | st.sampled_from("abcd"), start=times, end=times, speaker=names)
transcripts = st.builds(
    Transcript,
    text=texts,
    segments=st.none() | st.lists(segments, max_size=5).map(tuple),
    words=st.none() | st.lists(words, max_size=12).map(tuple),
)


def of(*segments: Segment, words: tuple[Word, ...] | None = None) -> tuple[Cue, ...]:
    """The cues of these segments."""
    found = cues(Transcript(text=" ".join(each.text for each in segments), segments=segments, words=words))
    assert found is not None
    return found


def spaced(text: str, start: float = 0.0, each: float = 0.5) -> tuple[Word, ...]:
    """The words of a text, one after another, each with a small pause after it."""
    return tuple(Word(word=word, start=start + each * i, end=start + each * (i + 0.8)) for i, word in enumerate(text.split()))


def flat(found: tuple[Cue, ...]) -> str:
    """All that the cues show, without blanks."""
    return re.sub(r"\s", "", "".join("".join(cue.lines) for cue in found))


def test_times_past_all_recordings_are_written_too() -> None:
    """No number is too large to be a time."""
    (cue,) = of(Segment(text="Good day.", start=1e308, end=1.7e308))
    assert cue.end_ms > cue.start_ms
    assert srt((cue,)).endswith("Good day.\n\n")


STORY = (
    "Galileo was an American robotic space program that studied the planet Jupiter and its moons, as well as several other "
    "solar system bodies. It was named after the Italian astronomer Galileo Galilei."
)


def test_a_cue_ends_after_it_begins() -> None:
    """An end at or before the start is no end, and a negative start is zero."""
    found = of(Segment(text="a", start=2, end=2), Segment(text="b", start=3, end=1), Segment(text="c", start=-1, end=-0.5))
    assert [(cue.start_ms, *cue.lines) for cue in found] == [(0, "c"), (2000, "a"), (3000, "b")]
    assert all(cue.end_ms > cue.start_ms for cue in found)


def test_a_short_cue_stays_until_it_can_be_read() -> None:
    """At least 5/6 s, but never into the next cue or past the end of the audio."""
    said = (Segment(text="a", start=0, end=0.2), Segment(text="b", start=0.5, end=0.6), Segment(text="c", start=5, end=5.1))
    found = cues(Transcript(text="a b c", seconds=5.3, segments=said))
    assert [(cue.start_ms, cue.end_ms) for cue in found or ()] == [(0, 500), (500, 500 + SHORTEST_MS), (5000, 5300)]


def test_who_speaks_at_once_is_shown_at_once() -> None:
    """Overlapping segments stay overlapping cues, in order of their start."""
    found = of(Segment(text="first", start=1, end=5, speaker="A"), Segment(text="second", start=0.5, end=4, speaker="B"))
    assert [(cue.start_ms, cue.end_ms, cue.speaker) for cue in found] == [(500, 4000, "B"), (1000, 5000, "A")]


def test_a_segment_that_can_be_read_stays_as_it_is() -> None:
    """Two sentences that fit stay together, with the segment's own times."""
    found = of(Segment(text="Good morning. It is five.", start=1.0, end=3.0), words=spaced("Good morning. It is five.", 1))
    assert found == (Cue(1000, 3000, ("Good morning. It is five.",)),)


def test_a_long_line_becomes_two_that_read_well() -> None:
    """After punctuation rather than in the middle of a phrase; before a link, not after it or after an article."""
    (cue,) = of(Segment(text="I told him about it yesterday, but he has not answered yet", start=0, end=5))
    assert cue.lines == ("I told him about it yesterday,", "but he has not answered yet")
    (cue,) = of(Segment(text="She has never been to the northern mountains of Norway", start=0, end=5))
    assert cue.lines == ("She has never been", "to the northern mountains of Norway")


def test_a_long_segment_is_cut_at_word_times() -> None:
    """Each cue begins and ends with its words; the first and the last keep the segment's times."""
    said = spaced(STORY, 10.0)
    found = of(Segment(text=STORY, start=9.9, end=25.0), words=said)
    assert [line for cue in found for line in cue.lines][-2:] == ["It was named after the Italian", "astronomer Galileo Galilei."]
    assert (found[0].start_ms, found[-1].end_ms) == (9900, 25_000)
    begins = {round(word.start * 1000) for word in said}
    ends = {round(word.end * 1000) for word in said}
    assert all(cue.start_ms in begins for cue in found[1:])
    assert all(cue.end_ms in ends for cue in found[:-1])
    assert all(SHORTEST_MS <= cue.end_ms - cue.start_ms <= LONGEST_MS for cue in found)


def test_without_word_times_a_long_segment_is_cut_by_its_letters() -> None:
    """At ends of clauses, where there are some; the cues follow each other without a gap."""
    found = of(Segment(text=STORY, start=0.0, end=12.0))
    assert [cue.lines[0].split()[0] for cue in found] == ["Galileo", "and", "It"]
    assert (found[0].start_ms, found[-1].end_ms) == (0, 12_000)
    assert all(before.end_ms == after.start_ms for before, after in pairwise(found))
    assert all(width(line) <= LINE for cue in found for line in cue.lines)


def test_a_slow_segment_is_only_cut_where_a_clause_ends() -> None:
    """Without word times nobody knows when a word was said; a pause is likelier after a clause than inside one."""
    assert [cue.lines for cue in of(Segment(text="Wait for it", start=0, end=30))] == [("Wait for it",)]
    found = of(Segment(text="Wait for it, wait for it. Now!", start=0, end=12))
    assert [cue.lines for cue in found][-1] != ("Wait for it, wait for it. Now!",)
    assert all(cue.end_ms - cue.start_ms <= LONGEST_MS for cue in found)


def test_slow_words_are_cut_by_their_times() -> None:
    """No cue lasts more than seven seconds where there are words to cut it at."""
    said = spaced("Wait for it and now", 0.0, 4.0)
    found = of(Segment(text="Wait for it and now", start=0, end=20), words=said)
    assert all(cue.end_ms - cue.start_ms <= LONGEST_MS for cue in found)
    assert flat(found) == "Waitforitandnow"


def test_a_name_takes_room_in_the_first_line() -> None:
    """`Name: ` counts as letters, so that no line of the srt is longer than it may be."""
    said = "It is exactly as long as a line, and more"
    (cue,) = of(Segment(text=said, start=0, end=4))
    assert cue.lines == (said,)
    named = of(Segment(text=said, start=0, end=4, speaker="Agnes"))
    assert len(named[0].lines) == 2
    assert all(len(line) <= 42 for line in srt(named).splitlines()[2:])


def test_words_are_grouped_as_people_read() -> None:
    """A new cue after a sentence, after a pause, at another speaker, and before it grows too long to read."""

    def said(text: str, start: float, speaker: str | None = None) -> Word:
        return Word(word=text, start=start, end=start + 0.9, speaker=speaker)

    spoken = (
        said("Well.", 0.0),
        said("so", 1.0),
        said("then", 4.0),
        said("he", 5.0, "B"),
        *(said("said", 6 + i * 1.0) for i in range(20)),
    )
    found = cues(Transcript(text="…", words=spoken))
    assert found is not None
    assert [" ".join(cue.lines) for cue in found[:4]] == ["Well.", "so", "then", "he"]
    assert all(SHORTEST_MS <= cue.end_ms - cue.start_ms <= LONGEST_MS for cue in found)
    assert flat(found) == "Well.sothenhe" + "said" * 20


def test_words_too_short_for_a_cue_of_their_own_share_one() -> None:
    """A cue of a third of a second cannot be read, so the sentence goes with the next."""
    found = cues(Transcript(text="Yes. No. I do not know.", words=spaced("Yes. No. I do not know.", 0.0, 0.3)))
    assert [cue.lines for cue in found or ()] == [("Yes. No. I do not know.",)]


def test_words_show_the_punctuation_of_the_text() -> None:
    """Whisper's words have none: where they are found in the text, the text is what is shown."""
    said = tuple(Word(word=word, start=i, end=i + 0.9) for i, word in enumerate(("he", "said", "no", "and", "left")))
    found = cues(Transcript(text="He said “No!” And left.", words=said))
    assert [cue.lines for cue in found or ()] == [("He said “No!”",), ("And left.",)]


def test_scripts_without_spaces_stay_without() -> None:
    """Chinese words are joined as Chinese is written; beside Latin ones there is a space."""
    spoken = tuple(Word(word=text, start=i * 0.2, end=i * 0.2 + 0.2) for i, text in enumerate(("今天", "天气", "OK", "吗")))
    found = cues(Transcript(text="…", words=spoken))
    assert found is not None
    assert found[0].lines == ("今天天气 OK 吗",)


def test_chinese_is_wrapped_at_sixteen() -> None:
    """Full-width letters are wide; no line begins with a comma or a full stop."""
    text = "今天的天气非常好我们一起去公园散步吧。明天可能会下雨\uff0c所以记得带伞出门"
    found = of(Segment(text=text, start=0.0, end=6.0))
    assert all(len(line) <= 16 and line[0] not in "\uff0c。" for cue in found for line in cue.lines)
    assert flat(found) == text


def test_a_word_is_never_broken() -> None:
    """Not even one that is longer than a line, nor what a no-break space holds together."""
    address = "https://example.com/" + "a" * 60
    found = of(Segment(text=f"See {address} for more", start=0, end=5))
    assert address in {line for cue in found for line in cue.lines} | {line.split()[-1] for cue in found for line in cue.lines}
    assert flat(found) == f"See{address}formore"
    (cue,) = of(Segment(text="The train from the northern city has 10\u00a0000\u00a0passengers", start=0, end=5))
    assert "10\u00a0000\u00a0passengers" in cue.lines[1]


def test_text_cannot_break_out_of_its_cue() -> None:
    """Blank lines, arrows, markup, control characters and every kind of line break."""
    text = "one\n\n\r\ntwo --> three\u2028<b>four</b>\x00 ---> NOTE"
    found = of(Segment(text=text, start=0, end=1, speaker="A\n-->B"))
    assert srt(found) == "1\n00:00:00,000 --> 00:00:01,000\nA ->B: one two -> three\n<b>four</b> -> NOTE\n\n"
    assert vtt(found) == (
        "WEBVTT\n\n00:00:00.000 --> 00:00:01.000\n<v A --&gt;B>one two --&gt; three\n&lt;b&gt;four&lt;/b&gt; ---&gt; NOTE\n\n"
    )


def test_right_to_left_text_is_left_alone() -> None:
    """No letter is moved or added: players turn the text."""
    text = "\u05e9\u05dc\u05d5\u05dd \u05e2\u05d5\u05dc\u05dd\u200f, \u0645\u0631\u062d\u0628\u0627 ABC"
    (cue,) = of(Segment(text=text, start=0, end=2))
    assert cue.lines == (text,)


@pytest.mark.parametrize(
    ("seconds", "clock"), [(359_999.0, "99:59:59,000"), (360_000.0, "100:00:00,000"), (3_600_000.0, "1000:00:00,000")]
)
def test_hours_go_past_99(seconds: float, clock: str) -> None:
    """Another parser reads three and four digits back as the same time."""
    written = srt(of(Segment(text="a", start=seconds, end=seconds + 2)))
    assert written.splitlines()[1].startswith(f"{clock} --> ")
    (read,) = webvtt.from_buffer(StringIO(written), format="srt").captions
    assert (_ms(read.start), _ms(read.end)) == (seconds * 1000, seconds * 1000 + 2000)


@pytest.mark.unmeasured
def test_ten_hours_are_cut_in_no_time() -> None:
    """One segment with all the words of a long day: the work grows with the words, not with their square."""
    text = " ".join(["Some words, and more words after them."] * 6000)
    found = of(Segment(text=text, start=0, end=36_000), words=spaced(text, 0.0, 0.75))
    assert all(cue.end_ms - cue.start_ms <= LONGEST_MS for cue in found)
    assert flat(found) == text.replace(" ", "")


@given(transcripts)
def test_cues_are_what_was_said_in_order(transcript: Transcript) -> None:
    """By start, each with one or two lines that are not blank; the letters of every segment come, in their order."""
    found = cues(transcript) or ()
    assert [cue.start_ms for cue in found] == sorted(cue.start_ms for cue in found)
    assert all(cue.end_ms > cue.start_ms >= 0 for cue in found)
    assert all(1 <= len(cue.lines) <= 2 and all(line == line.strip() != "" for line in cue.lines) for cue in found)
    for segment in transcript.segments or ():
        alone = cues(Transcript(text=segment.text, segments=(segment,)))
        assert flat(alone or ()) == re.sub(r"\s", "", shown(segment.text))


@given(st.text(alphabet="ab ,.漢", min_size=1, max_size=300), st.integers(1, 40), st.booleans())
def test_lines_are_as_long_as_practice_wants(text: str, seconds: int, timed: bool) -> None:
    """Only a line of a single word is longer than 42 letters, and with word times only a single word lasts longer than 7 s."""
    said = text.split()
    each = seconds / max(1, len(said))
    spoken = spaced(text, 0.0, each) if timed else None
    found = of(Segment(text=text, start=0, end=float(seconds)), words=spoken) if said else ()
    assert all(width(line) <= LINE or " " not in line for cue in found for line in cue.lines)
    if timed:
        assert all(
            cue.end_ms - cue.start_ms <= max(LONGEST_MS, SHORTEST_MS, round(each * 1000)) + 1 or _one(cue) for cue in found
        )


def _one(cue: Cue) -> bool:
    return len(" ".join(cue.lines).split()) == 1


@given(transcripts)
def test_another_parser_reads_our_srt(transcript: Transcript) -> None:
    """Each cue comes back with its times, whatever was in the text."""
    found = cues(transcript) or ()
    read: list[webvtt.Caption] = webvtt.from_buffer(StringIO(srt(found)), format="srt").captions if found else []
    assert [_ms(caption.start) for caption in read] == [cue.start_ms for cue in found]
    assert [_ms(caption.end) for caption in read] == [cue.end_ms for cue in found]


@given(transcripts)
def test_a_lax_parser_reads_our_srt_too(transcript: Transcript) -> None:
    """Cues and texts come back from one that does without blank lines; it takes digits at the very end for a number."""
    last = Cue(359_990_000, 359_991_000, ("the end",))
    found = (*(cues(transcript) or ()), last)
    read = list(pysubs2.SSAFile.from_string(srt(found), format_="srt", keep_html_tags=True, keep_unknown_html_tags=True))
    assert [(each.start, each.end) for each in read] == [(cue.start_ms, cue.end_ms) for cue in found]
    assert [each.text for each in read] == [_as_srt(cue).replace("\n", "\\N") for cue in found]


@given(transcripts)
def test_another_parser_reads_our_vtt(transcript: Transcript) -> None:
    """Each cue comes back with its times and its text, from a parser that raises on anything malformed."""
    found = cues(transcript) or ()
    read: list[webvtt.Caption] = webvtt.from_string(vtt(found), strict=True).captions
    assert [_ms(caption.start) for caption in read] == [cue.start_ms for cue in found]
    assert [_ms(caption.end) for caption in read] == [cue.end_ms for cue in found]
    assert [unescape(caption.text) for caption in read] == ["\n".join(cue.lines) for cue in found]
    assert [unescape(caption.voice or "") for caption in read] == [cue.speaker or "" for cue in found]


def _as_srt(cue: Cue) -> str:
    said = "\n".join(cue.lines)
    return re.sub("-{2,}>", "->", said if cue.speaker is None else f"{cue.speaker}: {said}")


def _ms(clock: str) -> int:
    hours, minutes, seconds = clock.split(":")
    return (int(hours) * 60 + int(minutes)) * 60_000 + int(seconds.replace(".", ""))
