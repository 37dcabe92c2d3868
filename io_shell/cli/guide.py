"""The texts of `--help`, in rich markup: what each command is for, examples, exit codes."""

from typing import Final

__all__ = (
    "CHECK",
    "CHECK_EPILOG",
    "PLAN",
    "PLAN_EPILOG",
    "TRANSCRIBE",
    "TRANSCRIBE_EPILOG",
    "VOXPLAN",
    "VOXPLAN_EPILOG",
)

VOXPLAN: Final = "Route speech-to-text: say in a spec where audio may go, see the plan, and let it be carried out."

VOXPLAN_EPILOG: Final = """\
[bold]Examples[/]
  voxplan transcribe talk.mp3                         [dim]with the recogniser on this machine[/]
  voxplan transcribe talk.mp3 --spec routing.yaml     [dim]by your own routing[/]
  voxplan plan --spec routing.yaml --seconds 90       [dim]what would be attempted; sends nothing[/]
  voxplan check routing.yaml                          [dim]every mistake, with its place[/]

[bold]Exit codes[/]
   0  done                                  4  the audio or an option is at fault
   1  several files: some failed            5  every provider failed
   2  wrong command line                    6  a part of voxplan is not installed
   3  the spec has mistakes               130  interrupted
  70  a fault of voxplan itself; VOXPLAN_TRACEBACK=1 shows where
"""

TRANSCRIBE: Final = """\
Transcribe audio: one file to standard output, several with a header each, or into a folder with --output.

A file that fails does not stop the others. Without FILE, what is piped in is transcribed.
"""

TRANSCRIBE_EPILOG: Final = """\
[bold]Examples[/]
  voxplan transcribe talk.mp3
  voxplan transcribe talk.mp3 --format srt > talk.srt
  voxplan transcribe *.wav --spec routing.yaml --route whisper --output transcripts
  curl -s https://example.org/talk.mp3 | voxplan transcribe --json
"""

PLAN: Final = """\
Show what would be attempted for a request, in which order, for how long, and what was left out and why.

Sends nothing and needs no key. The same spec, request, view, moment and seed always give the same plan.
"""

PLAN_EPILOG: Final = """\
[bold]Examples[/]
  voxplan plan --spec routing.yaml --seconds 90
  voxplan plan --spec routing.yaml --route whisper --language fi --format srt --edges
  voxplan plan --spec routing.yaml --seed 7 --json
"""

CHECK: Final = "Check routing specs: every mistake at once, each with file, line and column."

CHECK_EPILOG: Final = """\
[bold]Examples[/]
  voxplan check routing.yaml
  voxplan check specs/*.yaml --strict
"""
