"""A real binary that runs beside a test."""
import signal
import subprocess
import threading


class Process:
    """A daemon whose standard error is kept, line by line."""

    def __init__(self, *command):
        self.lines, self.grew = [], threading.Condition()
        self.process = subprocess.Popen([str(word) for word in command], stderr=subprocess.PIPE, text=True)
        self.reader = threading.Thread(target=self.read)
        self.reader.start()

    def read(self):
        for line in self.process.stderr:
            with self.grew:
                self.lines.append(line)
                self.grew.notify_all()

    def wait_for(self, words, seconds=30):
        """The first line with these words."""
        with self.grew:
            if not self.grew.wait_for(lambda: self.said(words), seconds):
                raise AssertionError(f"no {words!r} in:\n" + "".join(self.lines))
            return self.said(words)

    def said(self, words):
        """The first line with these words, None without."""
        return next((line for line in self.lines if words in line), None)

    @property
    def alive(self):
        return self.process.poll() is None

    def stop(self, number=signal.SIGTERM):
        """By a signal, SIGTERM or another one; also when it has ended already."""
        self.process.send_signal(number)
        self.process.wait(20)
        self.reader.join()
        self.process.stderr.close()
