"""``bench``: run one benchmark."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from engine.commands.terminal import json_file
from engine.commands.terminal.argument_types import whole_number
from engine.commands.terminal.console import Console
from engine.commands.terminal.library_access import library_dir, server_of
from engine.errors import BadRequest

SUMMARY = (
    "measure one part: query, start, filters, index, ray, vectors, postgres, colours, boxes, "
    "sam2, device, loop"
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """See ``engine.commands``."""
    from engine.benchmarks import registry

    parser.add_argument("name", metavar="NAME", choices=[*registry.AVAILABLE, *registry.PLANNED])
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures here too")
    parser.add_argument(
        "--photos",
        type=whole_number(1),
        metavar="N",
        help="query, start, index, ray, postgres, storm: how many photos to make (default 24, "
        "5000, 48, 48, 5600, 40000) when none are given, those of query, start and postgres "
        "beyond 24 being copies with other vectors; boxes: only the first N of the COCO file; "
        "device: how many sample photos (default 4)",
    )
    parser.add_argument(
        "--folder",
        type=Path,
        metavar="DIR",
        help="index, ray: photos to index (default: made ones); colours, boxes, sam2: photos of "
        "the COCO file",
    )
    parser.add_argument(
        "--coco", type=Path, metavar="FILE", help="colours, boxes, sam2: instances file with masks"
    )
    parser.add_argument(
        "--labels",
        type=Path,
        metavar="FILE",
        help="colours: JSON list of file_name, annotation_id and colours; searches them too",
    )
    parser.add_argument(
        "--sizes",
        type=whole_number(1),
        nargs="+",
        default=[10_000, 100_000],
        metavar="N",
        help="vectors: sizes of the index (default 10000 100000)",
    )
    parser.epilog = "  ".join(f"{name}: {what}." for name, what in registry.AVAILABLE.items())


def run(arguments: argparse.Namespace, console: Console, profile: Any) -> int:
    """Run and print; 2 for a benchmark that is planned but not there yet."""
    from engine.benchmarks import registry
    from engine.benchmarks.benchmark import BenchRequest

    if arguments.name in registry.PLANNED:
        available = ", ".join(registry.AVAILABLE)
        console.note(f"bench {arguments.name}: not available yet. There are: {available}.")
        return 2
    server = server_of(arguments)
    if server is not None and arguments.name != "postgres":
        raise BadRequest(
            "This benchmark measures libraries in folders only.",
            operation="measuring",
            hint="Give a folder, or run: bench postgres",
        )
    request = BenchRequest(
        library=library_dir(arguments) if arguments.library else None,
        photos=arguments.photos,
        folder=arguments.folder.expanduser().absolute() if arguments.folder else None,
        coco=arguments.coco.expanduser().absolute() if arguments.coco else None,
        labels=arguments.labels.expanduser().absolute() if arguments.labels else None,
        sizes=tuple(arguments.sizes),
        profile=profile,
        server=server,
    )
    result = registry.run(arguments.name, request, console)
    for line in result.lines:
        console.print(line)
    if arguments.json is not None:
        json_file.write(arguments.json.expanduser(), dict(result.figures))
    return 0
