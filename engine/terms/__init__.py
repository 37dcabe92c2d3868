"""What everybody speaks of: failures, requests, transcripts, capabilities, amounts and zones."""
