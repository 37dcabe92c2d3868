"""Text on standard output while it comes: the same as without streaming, only earlier, and nothing in between.

What people are to see meanwhile (the trail) waits for as long as a line of text is open: both streams may be one terminal.
"""

from typing import assert_never

from rich.console import RenderableType

from voxplan.adapters.rendering.events import Delta, Done, Event, SegmentEvent
from voxplan.engine.terms.transcript import Segment
from voxplan.io_shell.cli.screen import Screen
from voxplan.io_shell.cli.streams import write_result

__all__ = ("LiveText",)


class LiveText:
    """Shows the events of one transcription. Where speakers are told apart, each segment is a line, as in `A: Good morning`."""

    def __init__(self, screen: Screen, *, speakers: bool) -> None:
        """Nothing is shown yet; `screen` shows that something is under way."""
        self._screen = screen
        self._speakers = speakers
        self._made_of: type[Delta | SegmentEvent] | None = SegmentEvent if speakers else None
        self._shown = False
        self._open = False
        self._blank = ""
        self._kept: list[RenderableType] = []

    def show(self, event: Event) -> None:
        """Write what the event adds. What comes first, deltas or segments, makes up the text; the other would say it again."""
        match event:
            case Delta(text=text):
                if self._makes_text(Delta):
                    self._add(text)
            case SegmentEvent(segment=segment):
                if self._makes_text(SegmentEvent):
                    self._add(self._line(segment) if self._speakers else f" {segment.text.strip()}")
            case Done(transcript=transcript):
                if not self._shown:
                    self._add(transcript.text)
            case _:
                assert_never(event)

    def say(self, line: RenderableType) -> None:
        """A note for people: now, or when the line of text is over."""
        if self._open:
            self._kept.append(line)
        else:
            self._screen.say(line)

    def end(self) -> None:
        """No more text: end its line, and say what had to wait. To be called however it ended."""
        if self._open:
            self._open = False
            write_result("\n")
        for line in self._kept:
            self._screen.say(line)
        self._kept.clear()

    def _makes_text(self, kind: type[Delta | SegmentEvent]) -> bool:
        self._made_of = self._made_of or kind
        return self._made_of is kind

    def _line(self, segment: Segment) -> str:
        named = f"{segment.speaker}: " if segment.speaker else ""
        return f"\n{named}{segment.text.strip()}"

    def _add(self, text: str) -> None:
        """Write it without blanks at either end of the whole."""
        whole = self._blank + text if self._shown else text.lstrip()
        said = whole.rstrip()
        self._blank = whole[len(said) :]
        if said:
            if not self._shown:
                self._screen.end()
            self._shown, self._open = True, False  # a line that cannot be written need not be ended
            write_result(said)
            self._open = True
