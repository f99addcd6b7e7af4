"""The switch contract as values: tables, registers, entries, cookies, text form."""
