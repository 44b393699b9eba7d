"""``fairlead doctor``: of this environment, of a process and of an app, what is wrong."""
