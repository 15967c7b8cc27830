"""What happens to jobs, as it happens: heard once a process, passed on to everybody who watches."""
