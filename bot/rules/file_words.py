"""How a file is described to people: what kind of thing it is, and how large."""

from __future__ import annotations

from collections.abc import Mapping

from bot.model import Language

_BY_EXTENSION: Mapping[str, frozenset[str]] = {
    "picture": frozenset({"png", "jpg", "jpeg", "gif", "webp", "bmp", "tif", "tiff", "heic", "svg"}),
    "pdf": frozenset({"pdf"}),
    "log": frozenset({"log", "txt", "out", "trc", "syslog"}),
    "config": frozenset({"conf", "cfg", "config", "yaml", "yml", "json", "xml", "ini", "toml"}),
    "capture": frozenset({"pcap", "pcapng", "cap"}),
    "archive": frozenset({"zip", "7z", "rar", "gz", "tgz", "bz2", "xz", "tar", "zst"}),
    "document": frozenset({"doc", "docx", "docm", "odt", "rtf", "md", "html", "htm"}),
    "sheet": frozenset({"xls", "xlsx", "xlsm", "ods", "csv"}),
    "slides": frozenset({"ppt", "pptx", "pptm", "odp", "vsd", "vsdx"}),
    "mail": frozenset({"eml", "msg"}),
    "video": frozenset({"mp4", "mov", "avi", "mkv", "webm"}),
    "sound": frozenset({"mp3", "wav", "m4a", "ogg", "opus"}),
    "calendar": frozenset({"ics"}),
    "certificate": frozenset({"crt", "cer", "pem", "p12", "pfx", "p7b", "csr"}),
    "program": frozenset(
        {"exe", "msi", "bat", "cmd", "com", "scr", "pif", "js", "jse", "vbs", "vbe", "wsf", "ps1", "jar", "hta", "lnk",
         "dll", "cpl", "reg", "apk", "sh"}
    ),
}  # fmt: skip
_KIND_OF_EXTENSION = {extension: kind for kind, those in _BY_EXTENSION.items() for extension in those}
_BY_TYPE = (
    ("image/", "picture"), ("video/", "video"), ("audio/", "sound"), ("application/pdf", "pdf"),
    ("text/calendar", "calendar"), ("text/csv", "sheet"), ("text/html", "document"), ("message/", "mail"),
    ("text/", "log"), ("application/zip", "archive"), ("application/gzip", "archive"),
)  # fmt: skip
UNKNOWN = "unknown"

KINDS = frozenset({*_BY_EXTENSION, UNKNOWN})
"""Every kind; each has its word below `file_kind` in the staff's sentences."""


def file_kind(name: str, content_type: str) -> str:
    """What kind of thing a file is; its name's end counts before what the sender declared: it is what opens the file.

    Returns:
        One of `KINDS`.
    """
    found = _KIND_OF_EXTENSION.get(name.rpartition(".")[2].lower()) if "." in name else None
    if found is not None:
        return found
    return next((kind for start, kind in _BY_TYPE if content_type.lower().startswith(start)), UNKNOWN)


def format_size(octets: int, language: Language) -> str:
    """A size as people say it: "512 B", "34 KB", "1,2 MB" in Polish, "1.2 MB" in English."""
    if octets < 1024:
        return f"{octets} B"
    if octets < 1024**2:
        return f"{-(-octets // 1024)} KB"
    megabytes = f"{octets / 1024**2:.1f} MB"
    return megabytes.replace(".", ",") if language is Language.PL else megabytes
