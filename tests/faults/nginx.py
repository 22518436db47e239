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


def configured_nginx(folder, http):
    """Writes FOLDER/nginx.conf with `http` in its http block; the command that runs it. All that nginx writes is in the folder."""
    config = pathlib.Path(folder, "nginx.conf")
    config.write_text(f"""daemon off; master_process off; pid {folder}/pid; error_log {folder}/error.log;
events {{ worker_connections 64; }}
http {{
  access_log off;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
{http}}}
""")
    return [nginx_binary(), "-p", str(folder), "-e", f"{folder}/error.log", "-c", str(config)]
