"""The pages of reproductions and the table of verdicts, from rows of results and nothing else."""
