# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts that call each other on the ports of a swarm, side by side: the sockets. What they say is in call_sheet.py."""

from __future__ import annotations

import ctypes
import errno
import os
import select
import selectors
import socket
import struct
import time

from ansible_collections.quorate.swarm.plugins.module_utils.call_sheet import UNTESTED, CallSheet, is_stream

ESP = "esp"
ESP_PROTOCOL = 50
# Engines take their SPIs from hashes; the first 256 are reserved.
ESP_HEADER = struct.pack("!II", 0x71756F72, 1)

IP_MTU_DISCOVER = 10
IP_PMTUDISC_PROBE = 3
SO_ATTACH_FILTER = 26

STANDARD_OUTPUT = 1
ROUND = 0.15
CONNECT_LIMIT = 2.5
GREETING_LIMIT = 2.0
CONNECTIONS_AT_ONCE = 256
LARGEST_DATAGRAM = 65535


def meet(name, listen, calls, callers, sized_label, size, timeout):
    """Listen and call until everybody is content, or for C(timeout) seconds; what came of it."""
    post = Post(name)
    try:
        post.listen(listen)
        resolved, unknown = resolve(calls)
        post.sheet = CallSheet(name, post.listening, resolved, callers, sized_label, size)
        post.open_ports_to_call_from()
        began = time.time()
        post.work(timeout)
        return {
            "began": began,
            "ended": time.time(),
            "listening": sorted(post.listening),
            "taken": sorted(post.taken),
            "heard": post.sheet.calls_heard(),
            "presence": post.sheet.presence(),
            "calls": with_unknown(post.sheet.results(), unknown),
        }
    finally:
        post.close()


def resolve(calls):
    """The calls with IPv4 addresses, and those whose host has a name that nobody here knows."""
    resolved, unknown, known = {}, {}, {}
    for peer, ports in calls.items():
        for label, host in ports.items():
            if host not in known:
                known[host] = ipv4_address(host)
            kept, value = (resolved, known[host]) if known[host] else (unknown, host)
            kept.setdefault(peer, {})[label] = value
    return resolved, unknown


def ipv4_address(host):
    try:
        return socket.getaddrinfo(host, None, socket.AF_INET, socket.SOCK_DGRAM)[0][4][0]
    except OSError:
        return None


def with_unknown(results, unknown):
    for peer, ports in unknown.items():
        for label, host in ports.items():
            detail = "the name %s is not known there" % host
            results.setdefault(peer, {})[label] = {"address": host, "result": UNTESTED, "detail": detail}
    return results


class Post:
    """The sockets of one host."""

    def __init__(self, name):
        self.name = name
        self.sheet = None
        self.listening = set()
        self.taken = set()
        self._selector = selectors.DefaultSelector()
        self._datagrams = {}
        self._attempts = {}
        self._next_attempt = {}

    def listen(self, labels):
        for label in labels:
            try:
                self._listen(label)
            except OSError as exc:
                if exc.errno == errno.EADDRINUSE:
                    self.taken.add(label)
            else:
                self.listening.add(label)

    def open_ports_to_call_from(self):
        """Where this host does not listen itself, another port does for calls."""
        for label in sorted({label for _peer, label in self.sheet.calls if not is_stream(label)} - set(self._datagrams)):
            try:
                self._open_datagrams(label, 0)
            except OSError:
                self.sheet.give_up(label)

    def work(self, timeout):
        deadline = time.monotonic() + timeout
        while True:
            now = time.monotonic()
            if now >= deadline or self.sheet.over(now) or nobody_reads(STANDARD_OUTPUT):
                return
            self._send(now)
            self._connect(now)
            self._attend(min(now + ROUND, deadline))

    def close(self):
        for key in list(self._selector.get_map().values()):
            key.fileobj.close()
        self._selector.close()

    def _listen(self, label):
        if not is_stream(label):
            self._open_datagrams(label, 0 if label == ESP else port_of(label))
            return
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(("", port_of(label)))
            listener.listen(CONNECTIONS_AT_ONCE)
        except OSError:
            listener.close()
            raise
        self._attend_to(listener, selectors.EVENT_READ, self._accept)

    def _open_datagrams(self, label, port):
        if label == ESP:
            opened = socket.socket(socket.AF_INET, socket.SOCK_RAW, ESP_PROTOCOL)
            attach_filter(opened)
        else:
            opened = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            # Nobody cuts a packet up, and every size is tried anew, whatever was learnt about the way before.
            opened.setsockopt(socket.IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_PROBE)
            if label != ESP:
                opened.bind(("", port))
        except OSError:
            opened.close()
            raise
        self._datagrams[label] = opened
        self._attend_to(opened, selectors.EVENT_READ, lambda opened, _events: self._receive(label, opened))

    def _attend_to(self, opened, events, act):
        opened.setblocking(False)
        self._selector.register(opened, events, act)

    def _attend(self, until):
        while True:
            left = until - time.monotonic()
            for key, events in self._selector.select(max(left, 0)):
                key.data(key.fileobj, events)
            if left <= 0:
                return

    def _drop(self, opened):
        self._selector.unregister(opened)
        opened.close()

    # Datagrams

    def _send(self, now):
        for label, address, payload in self.sheet.due_datagrams(now):
            self._send_one(label, address, payload)

    def _send_one(self, label, address, payload):
        header, port = (ESP_HEADER, 0) if label == ESP else (b"", port_of(label))
        try:
            self._datagrams[label].sendto(header + payload, (address, port))
        except OSError:
            # Too large for the way, or not allowed, or no route: there will be no answer, and that is what counts.
            pass

    def _receive(self, label, opened):
        while True:
            try:
                data, sender = opened.recvfrom(LARGEST_DATAGRAM)
            except BlockingIOError:
                return
            except OSError:
                continue
            if label == ESP:
                data = data[(data[0] & 0x0F) * 4 + len(ESP_HEADER) :]
            answer = self.sheet.heard(label, data, time.monotonic())
            if answer is not None:
                header = ESP_HEADER if label == ESP else b""
                try:
                    opened.sendto(header + answer, sender)
                except OSError:
                    pass

    # Connections to this host

    def _accept(self, listener, _events):
        try:
            connection, _caller = listener.accept()
        except OSError:
            return
        self._attend_to(connection, selectors.EVENT_READ, lambda opened, _events: self._drop(opened))
        try:
            # The host that called closes first, so that no port here is kept waiting.
            connection.send(self.sheet.greeting())
        except OSError:
            self._drop(connection)

    # Connections to other hosts

    def _connect(self, now):
        for key, (opened, since, limit) in list(self._attempts.items()):
            if now - since >= limit:
                self._end_attempt(key, opened, now)
                if limit == GREETING_LIMIT:
                    self.sheet.connected(*key, b"", now)
                else:
                    self.sheet.failed(*key, "no answer")
        for key in self.sheet.pending(now):
            if len(self._attempts) >= CONNECTIONS_AT_ONCE:
                return
            if is_stream(key[1]) and key not in self._attempts and now >= self._next_attempt.get(key, now):
                self._begin_attempt(key, now)

    def _begin_attempt(self, key, now):
        opened = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        opened.setblocking(False)
        failed = opened.connect_ex((self.sheet.calls[key].address, port_of(key[1])))
        if failed not in (0, errno.EINPROGRESS):
            opened.close()
            self._note_failure(key, failed, now)
            return
        self._attempts[key] = (opened, now, CONNECT_LIMIT)
        self._selector.register(opened, selectors.EVENT_WRITE, lambda opened, events: self._progress(key, opened, events))

    def _progress(self, key, opened, events):
        now = time.monotonic()
        if events & selectors.EVENT_WRITE:
            failed = opened.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            if failed:
                self._end_attempt(key, opened, now)
                self._note_failure(key, failed, now)
                return
            self._attempts[key] = (opened, now, GREETING_LIMIT)
            self._selector.modify(opened, selectors.EVENT_READ, self._selector.get_key(opened).data)
            return
        try:
            data = opened.recv(LARGEST_DATAGRAM)
        except BlockingIOError:
            return
        except OSError as exc:
            # Reset before the greeting came: the listener may just have ended or not quite begun.
            self._end_attempt(key, opened, now)
            self._note_failure(key, exc.errno, now)
            return
        self._end_attempt(key, opened, now)
        self.sheet.connected(*key, data, now)

    def _end_attempt(self, key, opened, now):
        del self._attempts[key]
        self._next_attempt[key] = now + ROUND
        self._drop(opened)

    def _note_failure(self, key, number, now):
        self._next_attempt[key] = now + ROUND
        self.sheet.failed(*key, os.strerror(number).lower())


def nobody_reads(descriptor):
    """Whether a play was interrupted: the ports must be free at once for the next one, and for the engine."""
    watch = select.poll()
    watch.register(descriptor, 0)
    return any(events & (select.POLLERR | select.POLLHUP) for _descriptor, events in watch.poll(0))


def port_of(label):
    return int(label.partition("/")[0])


def attach_filter(raw):
    """Let the kernel pass on nothing but the packets of this file: a member of a swarm may get a great many others."""
    [wanted, _sequence] = struct.unpack("!II", ESP_HEADER)
    program = b"".join(
        struct.pack("HBBI", *instruction)
        for instruction in (
            (0xB1, 0, 0, 0),  # x = length of the IP header
            (0x40, 0, 0, 0),  # a = the word after it, which is the SPI
            (0x15, 0, 1, wanted),
            (0x06, 0, 0, LARGEST_DATAGRAM),
            (0x06, 0, 0, 0),
        )
    )
    code = ctypes.create_string_buffer(program)
    raw.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, struct.pack("HL", len(program) // 8, ctypes.addressof(code)))
