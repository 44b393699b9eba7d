"""What it costs that workers count together, and whether what they count is right."""
