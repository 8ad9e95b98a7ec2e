"""A site with pipes, for servers in processes of their own."""
