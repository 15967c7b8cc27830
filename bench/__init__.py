"""Backscroll measured beside what people would use instead, in one run on one machine.

`make bench` runs every suite, `make bench SUITE=drain` one; docs/performance.md says how to read
what comes out. No suite is a test: a figure that misses its bar is reported as such.
"""
