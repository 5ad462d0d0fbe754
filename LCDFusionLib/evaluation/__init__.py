"""Any set of methods on any set of pairs that no training saw: metrics, tables, charts and pictures."""
