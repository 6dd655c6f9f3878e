"""The bodies of all records, one module per idea; a stored shape stays readable for ever."""
