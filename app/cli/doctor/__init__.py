"""`backscroll doctor`: looks at everything that Backscroll stands on, and says how to mend it."""
