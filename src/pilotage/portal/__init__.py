"""Show: server-rendered pages over the catalog and the ledger."""
