"""The include test must be able to fail: each wrong arrow is found, each right one is let through."""
import pathlib
import tempfile
import unittest

import includes

WRONG = [
    ("schema/units/a.h", "schema/wire/session.h"),
    ("schema/wire/a.h", "server/domain/tick.h"),
    ("agent/link/a.cpp", "server/domain/tick.h"),
    ("server/net/a.cpp", "agent/link/link.h"),
    ("server/net/a.cpp", "server/history/store.h"),
    ("server/ingest/a.cpp", "server/app/main.h"),
    ("server/domain/a.h", "server/sqlite/database.h"),
    ("server/domain/a.h", "server/fleet/fleet.h"),
    ("agent/collect/a.cpp", "agent/link/link.h"),
    ("server/net/a.cpp", "tests/server/net/client.h"),
    ("schema/units/a.cpp", "sys/socket.h"),
    ("agent/link/a.cpp", "Poco/Net/Socket.h"),
    ("server/api/a.cpp", "Poco/Net/HTTPServer.h"),
]
RIGHT = [
    ("schema/wire/a.h", "schema/chunk/chunk.h"),
    ("agent/link/a.cpp", "schema/wire/session.h"),
    ("agent/app/main.cpp", "agent/link/link.h"),
    ("server/app/main.cpp", "server/net/server.h"),
    ("server/history/a.cpp", "server/sqlite/database.h"),
    ("server/net/a.cpp", "server/domain/http.h"),
    ("server/net/a.cpp", "Poco/Net/SecureStreamSocket.h"),
]


class Includes(unittest.TestCase):
    def faults_of(self, source, target):
        with tempfile.TemporaryDirectory() as root:
            for top in ("schema", "agent", "server"):
                pathlib.Path(root, top).mkdir()
            path = pathlib.Path(root, source)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f'#pragma once\n#include "{target}"\n')
            return list(includes.faults(root))

    def test_finds_each_wrong_arrow(self):
        for source, target in WRONG:
            self.assertEqual(len(self.faults_of(source, target)), 1, f"{source} -> {target}")

    def test_lets_each_right_arrow_through(self):
        for source, target in RIGHT:
            self.assertEqual(self.faults_of(source, target), [], f"{source} -> {target}")


if __name__ == "__main__":
    unittest.main()
