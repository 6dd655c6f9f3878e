"""One module per document kind; together they are what an organisation can declare."""
