"""A release's evidence as one signed zip file; `docs/verify.py` is its other half, and shares no code with it."""
