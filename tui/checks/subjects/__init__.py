"""One module for each kind of thing that a check looks at: what it shows, and how its goal is said."""
