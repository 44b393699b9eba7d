"""What apps promise to those who call them: kept by version, and compared."""
