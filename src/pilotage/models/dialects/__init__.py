"""One module per dialect: how calls and replies of an upstream protocol are read and written; pure."""
