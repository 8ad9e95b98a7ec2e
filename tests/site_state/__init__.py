"""A site on a database of any kind, for tests of saved state: old tables, and a server of several processes."""
