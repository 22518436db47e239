"""A real nginx as a plain process: the machine's own, or the one that ./dev unpacks."""
import os
import pathlib
import shutil

ROOT = pathlib.Path(__file__).resolve().parents[2]


def nginx_binary():
    for path in (shutil.which("nginx", path=os.environ["PATH"] + ":/usr/sbin"), ROOT / ".tools/nginx/usr/sbin/nginx"):
        if path and pathlib.Path(path).exists():
            return str(path)
    raise SystemExit("there is no nginx; ./dev test brings it, or: apt-get install nginx-light")
