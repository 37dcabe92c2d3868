"""How wide a text is on the screen, where it may be broken, and the one or two lines that it is shown in.

Measures are Netflix's (partnerhelp.netflixstudios.com, Timed Text Style Guide: General Requirements, and those for English,
Chinese and Korean): two lines at most, one if it fits, of 42 letters or of 16 full-width ones; broken after punctuation or before
conjunctions and prepositions, and not after an article. A word is never broken: one that is longer than a line is a long line.
"""

import re
import unicodedata
from collections.abc import Sequence
from itertools import accumulate
from typing import Final, NamedTuple

__all__ = ("LINE", "Atom", "atoms", "lines", "merit", "shown", "width")

# In these units 42 narrow letters and 16 full-width ones are equally long.
_NARROW: Final = 8
_WIDE: Final = 21
LINE: Final = 42 * _NARROW

# In turn: full stops of Chinese and Japanese, of Hindi; the question mark of Arabic; of Urdu; commas and the like.
_SENTENCE_SIGNS: Final = (".", "!", "?", "…", "\u3002", "\uff01", "\uff1f", "\u0964", "\u061f", "\u06d4")
_CLAUSE_SIGNS: Final = (",", ";", ":", "\u2013", "\u2014", "\u3001", "\uff0c", "\uff1b", "\uff1a", "\u060c", "\u061b")

_CLOSING: Final = re.compile(r"[\"'\u2019\u201d\u00bb\u203a)\]}\u300d\u300f\uff09]+$")
_ABBREVIATED: Final = re.compile(r"(?:\w|mr|mrs|ms|dr|prof|st|vs|no|bzw|m|mme|sr|sra)\.", re.IGNORECASE)

# Blanks at which a line may end; the no-break spaces (U+00A0, U+2007, U+202F) are none.
_BLANKS: Final = re.compile(r"[^\S\u00a0\u2007\u202f]+")

# Kana, Han and full-width signs: a line may end between any two, but for what is said below.
_FULL: Final = re.compile(r"[\u3001-\u30ff\u3400-\u9fff\uf900-\ufaff\uff00-\uffef\U00020000-\U0003ffff]")
# With these, scripts that have no blanks either, but in which only a dictionary knows the words: Thai, Lao, Burmese, Khmer.
_UNSPACED: Final = re.compile(rf"{_FULL.pattern}|[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff]")
# Small kana, the long-vowel mark and repetition marks do not begin a line (JIS X 4051).
_NO_BEGINNING: Final = frozenset(
    "\u3041\u3043\u3045\u3047\u3049\u3063\u3083\u3085\u3087\u308e\u30a1\u30a3\u30a5\u30a7\u30a9\u30c3\u30e3\u30e5\u30e7\u30ee"
    "\u30fc\u3005\u303b\u309d\u309e\u30fd\u30fe"
)
_NO_BEGINNING_KINDS: Final = frozenset({"Pe", "Pf", "Po", "Pd", "Mn", "Mc", "Me", "Cf"})
_NO_END_KINDS: Final = frozenset({"Ps", "Pi"})

# What adds nothing to the letter before it: accents, joiners, variation selectors, skin tones, the inside of Hangul syllables.
_MARKS: Final = frozenset({"Mn", "Me", "Mc", "Cf", "Cc"})
_ZERO_WIDTH_JOINER: Final = "\u200d"
_SKIN_TONES: Final = range(0x1F3FB, 0x1F400)
_INNER_JAMO: Final = range(0x1160, 0x1200)
_FLAG_LETTERS: Final = range(0x1F1E6, 0x1F200)

# Merely preferences, so the commonest words of the commonest languages are enough, and a word may mean something else in another.
_LINKS: Final = frozenset(
    (  # noqa: SIM905 - words read better as a text
        "and or but nor because although though while when where if unless until that which who whose so then than as "
        "in on at by for from with without of to into about after before between through during over under "
        "und oder aber denn sondern weil dass wenn als ob damit mit von bei nach aus zu für auf "
        "et ou mais donc car que qui quand lorsque parce avec sans pour dans sur chez "
        "y o pero sino porque cuando aunque con sin para por e ma perché quando mas com sem em en maar want omdat met van"
    ).split()
)
_ARTICLES: Final = frozenset(
    (  # noqa: SIM905 - the same
        "a an the my your his her its our their this these those der die das ein eine einen einem einer den dem des "
        "le la les un une des du el los las una unos unas il lo gli i uno os uma het een de"
    ).split()
)


class Atom(NamedTuple):
    """A piece that no line ends in: its text, where it begins, whether a blank stands before it, and how wide it is."""

    text: str
    place: int
    spaced: bool
    width: int


def shown(text: str) -> str:
    """The text with one blank wherever there were blanks or line breaks, and without control characters."""
    return _BLANKS.sub(" ", "".join(letter for letter in text if _is_shown(letter))).strip()


def width(text: str) -> int:
    """How wide the text is. Letters are counted as readers see them: an emoji of several parts is one.

    >>> LINE // width("m"), LINE // width("漢"), width("e\u0301") == width("e")
    (42, 16, True)
    """
    total, before, flags = 0, "", 0
    for letter in text:
        code = ord(letter)
        flags = flags + 1 if code in _FLAG_LETTERS else 0
        joined = before == _ZERO_WIDTH_JOINER or code in _SKIN_TONES or code in _INNER_JAMO or (flags and flags % 2 == 0)
        if not joined and unicodedata.category(letter) not in _MARKS:
            total += _WIDE if unicodedata.east_asian_width(letter) in "WF" else _NARROW
        before = letter
    return total


def atoms(text: str, word_starts: Sequence[int] | None = None) -> list[Atom]:
    """The atoms of a shown text. Where its words are known, scripts without blanks are only broken before words."""
    found: list[Atom] = []
    known = None if word_starts is None else frozenset(word_starts)
    place = 0
    for piece in text.split(" "):
        begin = 0
        for at in range(1, len(piece) + 1):
            if at == len(piece) or _breaks(piece[at - 1], piece[at], place + at, known):
                part = piece[begin:at]
                found.append(Atom(part, place + begin, begin == 0 and place > 0, width(part)))
                begin = at
        place += len(piece) + 1
    return found


def lines(found: Sequence[Atom], first: int = LINE) -> tuple[str, ...]:
    """One line if it fits, else two: neither too long if that can be, well broken, evenly long. `first` is left for the first."""
    ends = list(accumulate(_taken(found, number) for number in range(len(found))))
    if len(found) == 1 or ends[-1] <= first:
        return (_joined(found),)

    def cost(number: int) -> tuple[int, int]:
        upper = ends[number - 1]
        lower = ends[-1] - upper - (_NARROW if found[number].spaced else 0)
        uneven = abs(upper + (LINE - first) - lower) * 10 // LINE
        return max(0, upper - first) + max(0, lower - LINE), uneven + merit(found[number - 1].text, found[number].text)

    best = min(range(1, len(found)), key=cost)
    return _joined(found[:best]), _joined(found[best:])


def merit(before: str, after: str) -> int:
    """How bad a break between two words is: best after a sentence, then after a clause or before a link; worst after an article.

    >>> [merit(*pair.split()) for pair in ("Yes. No", "well, no", "bread and", "red bread", "the bread", "Dr. No")]
    [0, 2, 4, 8, 12, 8]
    """
    said = _CLOSING.sub("", before)
    if said.endswith(_SENTENCE_SIGNS) and not _ABBREVIATED.fullmatch(said):
        return 0
    if said.endswith(_CLAUSE_SIGNS) and not after[:1].isdecimal():  # `October 18, 1989`
        return 2
    if before.lower() in _ARTICLES or before.lower() in _LINKS:
        return 12
    return 4 if after.lower() in _LINKS else 8


def _is_shown(letter: str) -> bool:
    return letter.isspace() or (unicodedata.category(letter) != "Cc")


def _breaks(before: str, after: str, place: int, known: frozenset[int] | None) -> bool:
    """Whether a line may end between two letters without a blank between them."""
    if known is not None:
        return place in known and bool(_UNSPACED.match(before) and _UNSPACED.match(after))
    if not (_FULL.match(before) and _FULL.match(after)) or after in _NO_BEGINNING:
        return False
    return unicodedata.category(after) not in _NO_BEGINNING_KINDS and unicodedata.category(before) not in _NO_END_KINDS


def _taken(found: Sequence[Atom], number: int) -> int:
    return found[number].width + (_NARROW if number and found[number].spaced else 0)


def _joined(found: Sequence[Atom]) -> str:
    return "".join(f" {each.text}" if number and each.spaced else each.text for number, each in enumerate(found))
