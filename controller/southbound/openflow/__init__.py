"""OpenFlow 1.4 as bytes: rows to messages by template, messages back to entries, no Ryu."""
