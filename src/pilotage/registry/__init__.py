"""DECLARE: typed YAML documents in a git folder become one consistent Catalog, or every problem with file and line."""
