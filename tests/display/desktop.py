#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A private desktop for tests: X display, window manager, session bus, accessibility.

As a program: desktop.py [--wm] COMMAND…  runs a command in one and exits with its
status. As a module: Desktop, and for whole windows Session.

Run with Debian's own /usr/bin/python3, which has `gi`; another one on PATH may not.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

BUS = '''<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:path={folder}/run/bus</listen>
  <servicedir>{folder}/services</servicedir>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
'''

# Nothing that moves by itself, so that a picture is the same each time.
GTK_SETTINGS = '''[Settings]
gtk-decoration-layout=:close
gtk-enable-animations=0
gtk-cursor-blink=0
gtk-font-name=DejaVu Sans 10
gtk-xft-antialias=1
gtk-xft-hinting=1
gtk-xft-hintstyle=hintslight
gtk-xft-rgba=none
'''

# What a busy machine with sanitizers may take; only a failure waits so long.
SECONDS = 60


def wait(condition, seconds, what, step=0.05):
    """The first true value of condition(); TimeoutError names what was waited for."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise TimeoutError(f'{what}: not within {seconds} s')
        time.sleep(step)


def read_line(descriptor):
    """Xvfb writes the number and its newline apart: who closes after the number kills it."""
    with os.fdopen(descriptor) as pipe:
        line = pipe.readline().strip()
    if not line:
        raise RuntimeError('the server did not start')
    return line


class Desktop:
    """Every process is its own, and ends with it by its number."""

    def __init__(self, size='1280x1024x24', wm=False, env=None):
        self.processes = []
        self.folder = Path(tempfile.mkdtemp(prefix='bytestag-desktop.'))
        foreign = ('WAYLAND', 'DBUS', 'AT_SPI', 'XDG_', 'DISPLAY', 'XAUTHORITY')
        self.env = {k: v for k, v in os.environ.items() if not k.startswith(foreign)}
        for name in ('home', 'run', 'config', 'data', 'cache', 'services', 'config/gtk-4.0', 'log'):
            (self.folder / name).mkdir(mode=0o700)
        self.env.update(
            HOME=str(self.folder / 'home'), XDG_RUNTIME_DIR=str(self.folder / 'run'),
            XDG_CONFIG_HOME=str(self.folder / 'config'), XDG_DATA_HOME=str(self.folder / 'data'),
            XDG_CACHE_HOME=str(self.folder / 'cache'), XDG_DATA_DIRS='/usr/local/share:/usr/share',
            GDK_BACKEND='x11', GSK_RENDERER='cairo', GSETTINGS_BACKEND='memory', GTK_USE_PORTAL='0',
            ADW_DISABLE_PORTAL='1', GTK_A11Y='atspi', LC_ALL='C.UTF-8', TZ='UTC', G_DEBUG='fatal-criticals',
            # Without this GDK loads Mesa, which leaks in code that is gone when leaks are named.
            GDK_DEBUG='gl-disable')
        self.env.update(env or {})
        (self.folder / 'config/gtk-4.0/settings.ini').write_text(GTK_SETTINGS)
        try:
            self._start(size, wm)
        except BaseException:
            self.close()
            raise

    def _start(self, size, wm):
        reader, writer = os.pipe()
        self.spawn('Xvfb', '-displayfd', str(writer), '-screen', '0', size, '-nolisten', 'tcp', '-noreset',
                   pass_fds=(writer,))
        os.close(writer)
        self.env['DISPLAY'] = ':' + read_line(reader)
        # A bus that can start nothing but the accessibility bus: no portals, nothing of the machine's.
        shutil.copy('/usr/share/dbus-1/services/org.a11y.Bus.service', self.folder / 'services')
        (self.folder / 'bus.conf').write_text(BUS.format(folder=self.folder))
        reader, writer = os.pipe()
        self.spawn('dbus-daemon', f'--config-file={self.folder}/bus.conf', '--nofork', f'--print-address={writer}',
                   pass_fds=(writer,))
        os.close(writer)
        self.env['DBUS_SESSION_BUS_ADDRESS'] = read_line(reader)
        if wm:
            self.spawn('openbox', '--sm-disable')

    def spawn(self, *argv, env=None, log=None, **options):
        """Starts a program whose output goes to a file; process.log names it."""
        argv = [str(word) for word in argv]
        path = Path(log) if log else self.folder / 'log' / f'{len(self.processes)}-{Path(argv[0]).name}'
        with open(path, 'wb') as out:
            process = subprocess.Popen(argv, env={**self.env, **(env or {})}, stdin=subprocess.DEVNULL, stdout=out,
                                       stderr=out, start_new_session=True, **options)
        process.log = path
        self.processes.append(process)
        return process

    def sh(self, *argv):
        return subprocess.run([str(word) for word in argv], env=self.env, capture_output=True, text=True, check=False,
                              timeout=30).stdout.strip()

    def close(self):
        for process in reversed(self.processes):
            if process.poll() is None:
                process.terminate()
                try:
                    process.wait(5)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        self.close()


class Session(Desktop):
    """A desktop with a person at it: mouse, keys, eyes (AT-SPI and pictures).

    One for each Python process: libatspi stays with the first bus that it saw.
    """

    def __init__(self, output, **options):
        super().__init__(wm=True, **options)
        self.output = Path(output)
        for name in ('DISPLAY', 'DBUS_SESSION_BUS_ADDRESS', 'XDG_RUNTIME_DIR'):
            os.environ[name] = self.env[name]
        os.environ.pop('AT_SPI_BUS_ADDRESS', None)
        import gi
        gi.require_version('Atspi', '2.0')
        from gi.repository import Atspi
        self.atspi = Atspi
        Atspi.init()
        Atspi.set_timeout(5000, 10000)

    def __exit__(self, kind, value, trace):
        if kind:
            self.keep_evidence()
        super().__exit__(kind, value, trace)

    def keep_evidence(self):
        """A picture and every log, from before the end."""
        folder = self.output / 'failed'
        folder.mkdir(parents=True, exist_ok=True)
        try:
            self.picture(folder / 'screen.png')
        except (subprocess.SubprocessError, OSError):
            pass
        for number, process in enumerate(self.processes):
            if process.log.exists():
                shutil.copy(process.log, folder / f'{number}-{Path(process.args[0]).name}')

    # Windows, mouse and keys, by X11.

    def window(self, title, process, seconds=SECONDS):
        """The X window of a process by its title; it may have others of that name."""
        def find():
            if process.poll() is not None:
                raise RuntimeError(f'{process.args[0]} ended with {process.returncode}: {process.log.read_text()}')
            return self.sh('xdotool', 'search', '--onlyvisible', '--all', '--pid', process.pid,
                           '--name', f'^{re.escape(title)}$').split()
        return wait(find, seconds, f'window “{title}”')[-1]

    def geometry(self, window):
        lines = self.sh('xdotool', 'getwindowgeometry', '--shell', window).splitlines()
        values = dict(line.split('=') for line in lines if '=' in line)
        return tuple(int(values[name]) for name in ('X', 'Y', 'WIDTH', 'HEIGHT'))

    def place(self, window, x, y, width=None, height=None):
        if width:
            self.sh('xdotool', 'windowsize', '--sync', window, width, height)
        self.sh('xdotool', 'windowmove', '--sync', window, x, y)

    def focus(self, window):
        self.sh('xdotool', 'windowactivate', '--sync', window)

    def key(self, *keys):
        self.sh('xdotool', 'key', '--delay', '30', *keys)

    def type(self, text):
        self.sh('xdotool', 'type', '--delay', '15', text)

    def click(self, x, y, button=1):
        self.sh('xdotool', 'mousemove', '--sync', x, y, 'click', button)

    def park(self):
        """Puts the pointer where it lights nothing up."""
        # Not --sync, which waits for a move that may not come.
        self.sh('xdotool', 'mousemove', 1, 1023)

    def drag(self, start, end, over=None, steps=12):
        """Drags from one point to another as a hand does; over() is called while it hovers there."""
        self.sh('xdotool', 'mousemove', '--sync', *start, 'mousedown', '1')
        time.sleep(.15)
        for step in range(1, steps + 1):
            self.sh('xdotool', 'mousemove', *(a + (b - a) * step // steps for a, b in zip(start, end)))
            time.sleep(.03)
        time.sleep(.3)
        if over:
            over()
        self.sh('xdotool', 'mousemove_relative', '2', '2')
        time.sleep(.2)
        self.sh('xdotool', 'mouseup', '1')

    def picture(self, path, window='root'):
        subprocess.run(['import', '-window', str(window), str(path)], env=self.env, check=True, timeout=30,
                       capture_output=True)

    # What a screen reader is told, by AT-SPI.

    def application(self, process, seconds=SECONDS):
        def find():
            desktop = self.atspi.get_desktop(0)
            for index in range(desktop.get_child_count()):
                child = desktop.get_child_at_index(index)
                try:
                    if child and child.get_process_id() == process.pid:
                        return child
                except self.error:
                    pass
            return None
        return wait(find, seconds, f'accessible of process {process.pid}')

    @property
    def error(self):
        from gi.repository import GLib
        return GLib.Error

    def is_visible(self, node):
        """What lies on a hidden page says that it is visible, but has no size."""
        if 'Component' not in node.get_interfaces():
            return True
        extents = node.get_extents(self.atspi.CoordType.WINDOW)
        return extents.width > 0 and extents.height > 0

    def walk(self, node, depth=0):
        """A node and everything below it that can be seen, with its depth."""
        if depth > 60 or not self.is_visible(node):
            return
        yield depth, node
        # All at once: GTK 4.8 complains (CRITICAL) when asked for a window that has gone since it was counted.
        for child in [node.get_child_at_index(index) for index in range(node.get_child_count())]:
            if child:
                yield from self.walk(child, depth + 1)

    def find_all(self, node, role=None, name=None):
        """What can be seen whose role and name match patterns."""
        found = []
        try:
            for _, child in self.walk(node):
                if role and not re.fullmatch(role, child.get_role_name()):
                    continue
                if name is None or re.fullmatch(name, child.get_name() or '', re.S):
                    found.append(child)
        except self.error:
            pass  # changed while we looked; whoever waits looks again
        return found

    def find(self, node, role=None, name=None, seconds=SECONDS):
        return wait(lambda: next(iter(self.find_all(node, role, name)), None), seconds, f'{role} “{name}”')

    def press(self, node):
        """Does what a click does."""
        for index in range(node.get_n_actions()):
            if node.get_action_name(index) == 'click':
                return node.do_action(index)
        raise RuntimeError(f'nothing to press at {node.get_role_name()} “{node.get_name()}”')

    def click_on(self, window, top, node):
        """With the mouse. Extents are the toplevel's, to whose X window GTK adds the shadow's border."""
        x, y, width, height = self.geometry(window)
        outer = top.get_extents(self.atspi.CoordType.WINDOW)
        inner = node.get_extents(self.atspi.CoordType.WINDOW)
        self.click(x + (width - outer.width) // 2 + inner.x + inner.width // 2,
                   y + (height - outer.height) // 2 + inner.y + inner.height // 2)

    def labels(self, node):
        return [child.get_name() for child in self.find_all(node, 'label')]

    def dump(self, node, out=sys.stdout):
        for depth, child in self.walk(node):
            extents = ''
            if 'Component' in child.get_interfaces():
                e = child.get_extents(self.atspi.CoordType.WINDOW)
                extents = f'{e.x},{e.y} {e.width}x{e.height}'
            print('  ' * depth + child.get_role_name(), repr(child.get_name()), repr(child.get_description()), extents,
                  file=out)


def main():
    arguments = sys.argv[1:]
    wm = arguments[:1] == ['--wm']
    if wm:
        arguments = arguments[1:]
    # The in-process backend, which tests can ask; what the caller set stays.
    keep = ('G_SLICE', 'G_DEBUG', 'GSETTINGS_SCHEMA_DIR')
    env = {name: os.environ[name] for name in keep if name in os.environ}
    env['GTK_A11Y'] = os.environ.get('GTK_A11Y', 'test')
    with Desktop(wm=wm, env=env) as desktop:
        return subprocess.run(arguments, env=desktop.env, check=False).returncode


if __name__ == '__main__':
    sys.exit(main())
