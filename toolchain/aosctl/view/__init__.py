"""Views: everything that a person reads, on the terminal or as a report."""
