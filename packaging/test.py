#!/usr/bin/env python3
"""Sets Pickout up in .venv with what the tests need, and runs them; arguments go to pytest.

python3 packaging/test.py                       all tests but the benchmarks
python3 packaging/test.py -m "not slow" -x      the fast ones, up to the first failure
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from environment import Environment, SetupProblem, has_compiler, report, steps


def main() -> int:
    root = Path(__file__).resolve().parents[1]
    environment = Environment(root, say=lambda line: print(line, flush=True))
    # What CI passes must have seen a language model run; elsewhere those tests need a compiler.
    mllm = has_compiler() or bool(os.environ.get("CI"))
    if not mllm:
        print("No C++ compiler was found: the tests with language models are left out.")
    try:
        environment.prepare(steps(test=True, mllm=mllm))
        environment.check_qt("other")
    except SetupProblem as problem:
        return report(problem, environment.log)
    except KeyboardInterrupt:
        print("\nStopped. The same command goes on where it stopped.", file=sys.stderr)
        return 130
    variables = environment.variables()
    variables["QT_QPA_PLATFORM"] = "offscreen"
    # More threads than this only fight each other over the small photos of the tests.
    variables.setdefault("OMP_NUM_THREADS", str(min(2, os.cpu_count() or 1)))
    command = [str(environment.python), "-m", "pytest", "-m", "not bench", *sys.argv[1:]]
    return subprocess.call(command, cwd=str(root), env=variables)


if __name__ == "__main__":
    sys.exit(main())
