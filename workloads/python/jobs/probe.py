"""What this interpreter is, and what it has: one JSON object. It is understood by every Python from 2.6 on."""

import json
import platform
import sys


def has(module):
    """Whether a module can be imported."""
    try:
        __import__(module)
        return True
    except Exception:
        return False


def has_gil():
    """Whether one thread at a time runs Python code (see running.py)."""
    if hasattr(sys, "_is_gil_enabled"):
        return sys._is_gil_enabled()
    return platform.python_implementation() in ("CPython", "PyPy")


version = list(sys.version_info[:3])
own_lock = ["concurrent.interpreters", "_interpreters"] + ["_xxsubinterpreters"] * (version >= [3, 12, 0])
modules = []
if has("multiprocessing.synchronize"):
    modules.append("multiprocessing")
if has("concurrent.futures"):
    modules.append("concurrent.futures")
if platform.python_implementation() == "CPython" and any(has(module) for module in own_lock):
    modules.append("subinterpreters")
print(json.dumps({
    "executable": sys.executable,
    "implementation": platform.python_implementation(),
    "version": version,
    "free_threaded": "t" in getattr(sys, "abiflags", ""),
    "gil": has_gil(),
    "modules": modules,
}))
