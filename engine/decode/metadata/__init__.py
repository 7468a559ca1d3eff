"""Metadata of photos: EXIF, XMP, IPTC, PNG text, sidecar files, names of files and folders."""
