"""What experiments share: rows, claims, verdicts, pages, timing, trials."""
