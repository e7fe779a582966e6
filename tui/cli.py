"""The command line: parse, wire, hand over; no logic of its own."""
