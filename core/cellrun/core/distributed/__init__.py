"""Several processes of one script as one run: how many, what each is told, and what starts them."""
