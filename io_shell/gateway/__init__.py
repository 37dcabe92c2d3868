"""An OpenAI-compatible server around the engine (extra `gateway`): forms come in, transcripts and true errors go out."""
