"""One module per revision, named by number and by what it brought."""
