"""An independent model of the switches: it interprets entries and never imports the compiler."""
