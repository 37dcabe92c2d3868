"""What Google's speech services have in common: the Gemini models at both of their addresses, and Speech-to-Text v2."""
