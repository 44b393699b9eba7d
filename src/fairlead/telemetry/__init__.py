"""What is measured, in one vocabulary."""
