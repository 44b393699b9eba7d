"""One file per library, imported only when the application has imported that library."""
