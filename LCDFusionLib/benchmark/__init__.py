"""How fast the network is on a machine, and what memory it takes: its forms side by side, and a fusion that grows."""
