"""The console: pages that a browser shows, built from ``/console`` and served as they are."""
