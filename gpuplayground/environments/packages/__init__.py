"""Which packages a snippet needs, and which builds of them fit this machine."""
