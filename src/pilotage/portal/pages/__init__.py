"""One frozen dataclass for each page, planned by a pure function; a template gets its page and nothing else."""
