"""The commands of ``pickout-cli``, one module each.

Each module has ``SUMMARY`` (one line for the help), ``add_arguments(parser)``, which declares the
command's own arguments, and ``run(arguments, console, profile)``, which returns the exit status.
``profile`` is as for ``Library.open``.
"""
