"""What the bench counts is what was carried: against a connection whose bytes are known, and ss' own words.

    tcp_counts_test.py
"""
import socket
import unittest

import tcp_counts
from tcp_counts import Counts

# iproute2 6.1, Linux 6.18; shortened only in between.
LINES = """\
0      0      127.1.0.136:51154   127.0.0.1:50267 bbr wscale:10,10 bytes_sent:7793 bytes_retrans:93 bytes_acked:7701 \
bytes_received:1806 segs_out:80 segs_in:81 data_segs_out:73 data_segs_in:8 bbr:(bw:136533325192bps,mrtt:0.002)
0      0      [::ffff:127.0.0.1]:50267 [::ffff:127.1.0.123]:46510 cubic bytes_received:5 segs_out:1 segs_in:2 data_segs_in:1
"""


def pair():
    """Both ends of a connection, and its port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        near = socket.create_connection(listener.getsockname())
        far, _ = listener.accept()
        return near, far, listener.getsockname()[1]


def exchange(near, far, there, back):
    near.sendall(b"x" * there)
    far.sendall(b"y" * back)
    for end, size in ((far, there), (near, back)):
        while size > 0:
            size -= len(end.recv(size))


class TcpCounts(unittest.TestCase):
    def connected(self):
        near, far, port = pair()
        self.addCleanup(near.close)
        self.addCleanup(far.close)
        return near, far, port

    def test_reads_what_ss_says_and_takes_what_it_leaves_out_as_none(self):
        self.assertEqual(tcp_counts.parse(LINES), {
            ("127.1.0.136:51154", "127.0.0.1:50267"): Counts(7793 - 93 + 1806, 80 + 81),
            ("[::ffff:127.0.0.1]:50267", "[::ffff:127.1.0.123]:46510"): Counts(5, 3),
        })

    def test_the_bytes_of_both_directions_are_counted_and_no_headers(self):
        near, far, port = self.connected()
        exchange(near, far, 70_000, 1_234)
        self.assertEqual(tcp_counts.of_socket(near).bytes, 71_234)
        self.assertEqual(tcp_counts.total(tcp_counts.accepted_on(port).values()).bytes, 71_234)

    def test_both_ways_to_count_agree_on_packets(self):
        near, far, port = self.connected()
        exchange(near, far, 300, 300)
        # An acknowledgement may be on its way between the two looks.
        listed, asked = tcp_counts.total(tcp_counts.accepted_on(port).values()), tcp_counts.of_socket(far)
        self.assertAlmostEqual(asked.packets, listed.packets, delta=2)
        self.assertGreaterEqual(asked.packets, 4)

    def test_what_was_carried_between_two_looks_is_told_apart_from_what_was_before(self):
        near, far, port = self.connected()
        exchange(near, far, 1_000, 0)
        before = tcp_counts.accepted_on(port)
        exchange(near, far, 20, 5)
        self.assertEqual(tcp_counts.between(before, tcp_counts.accepted_on(port)).bytes, 25)

    def test_a_connection_that_went_spoils_the_measurement(self):
        near, far, port = self.connected()
        before = tcp_counts.accepted_on(port)
        self.assertEqual(len(before), 1)
        near.close()
        far.close()
        with self.assertRaisesRegex(RuntimeError, "came or went"):
            tcp_counts.between(before, tcp_counts.accepted_on(port))


if __name__ == "__main__":
    unittest.main()
