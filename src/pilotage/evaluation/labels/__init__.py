"""People's labels: what is asked, kept and made of them."""
