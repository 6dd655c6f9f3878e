"""Claims inbox: the application of the sample use case. It sorts an insurer's mail into five queues."""
