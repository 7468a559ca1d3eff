"""What must be true of the tables together, whatever database they are in."""

from __future__ import annotations

CONSTRAINTS = {
    """SELECT count(*) FROM indexings i LEFT JOIN region_blocks b
       ON b.photo_id = i.photo_id AND b.profile_id = i.profile_id
       WHERE i.things + 1 <> coalesce(b.regions, 0)""": (
        "photos have more or fewer regions than were found in them"
    ),
    "SELECT count(*) FROM indexings WHERE level NOT IN ('coarse', 'full')": (
        "photos were looked at to an extent that means nothing"
    ),
    "SELECT count(*) FROM indexings WHERE level = 'coarse' AND things <> 0": (
        "photos have things though nobody looked for any"
    ),
    """SELECT count(*) FROM photos p
       WHERE NOT EXISTS (SELECT 1 FROM files f WHERE f.photo_id = p.id)""": (
        "photos belong to no file"
    ),
}
"""Query that counts violations -> what it means if there are any."""
