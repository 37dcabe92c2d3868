"""A transcript written out: the formats that callers ask for, subtitles, streams of events."""
