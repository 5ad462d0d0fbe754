"""Any set of methods on any set of pairs that the networks have not seen: metrics, tables, charts and pictures."""
