"""Those whom Backscroll is measured against, each in a folder of its own under bench/.peers.

The programs here run there, not in Backscroll's environment; `make bench-setup` installs them.
"""
