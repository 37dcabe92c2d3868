"""The transcription endpoint of OpenAI, and of all who speak the same language."""
