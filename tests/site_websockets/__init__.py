"""A site with websocket callbacks, for servers in processes of their own."""
