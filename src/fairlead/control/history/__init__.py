"""What agents measured, kept for a week in a file beside the store, and never in its way."""
