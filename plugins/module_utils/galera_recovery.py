# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What to do for a Galera cluster of which no member may be in a primary component any more, and with whom to begin. No I/O.

It is decided anew from what the hosts have after each step, so that a recovery that was interrupted anywhere is simply begun again.
"""

from __future__ import annotations

from ansible_collections.quorate.swarm.plugins.module_utils import galera_position as position
from ansible_collections.quorate.swarm.plugins.module_utils.errors import Refusal
from ansible_collections.quorate.swarm.plugins.module_utils.galera_state import is_primary, is_synced
from ansible_collections.quorate.swarm.plugins.module_utils.member_refusals import in_words
from ansible_collections.quorate.swarm.plugins.module_utils.rollout import PRESENT

# What comes next. After all but the first a further look decides what follows, until the cluster serves and the others join it.
NOTHING, JOIN, WAIT, SETTLE, PROMOTE, BOOTSTRAP = "nothing", "join", "wait", "settle", "promote", "bootstrap"
FILLED = "filled"
MEANINGS = {
    position.NO_ADDRESS: (
        "131, no address to connect: no usable address was left in its list of members, since names that do not resolve are dropped"
    ),
    position.TIMED_OUT: "110, timed out: it found no member that is in a cluster, as where all wait for each other",
    position.UNSAFE: "not safe to bootstrap: it was to form the cluster, and was not the last one to leave it",
    position.WAITING: "no primary view: it waits for the members that it saw last",
}


def plan(members, looks, live, gone=(), source=None, waited=False, failed=None):
    """Decide with all members in view.

    C(members) maps a host to its member's C(name) and wanted C(state), in the order of the group; C(looks) to what galera_recovery saw
    there, C(live) to what galera_health returned, and C(failed) to why a host that answers could not be looked at. C(gone) are hosts that
    the operator says will not come back, C(source) the one to begin with whatever the others have, and C(waited) says that members
    that may find each other had time to.
    """
    _refuse_names(members, gone, source)
    _refuse_answering(gone, looks, failed or {})
    _refuse_silent(members, looks, gone, failed or {})
    states = {host: seen["state"] for host, seen in live.items() if host in looks and seen and seen.get("state")}
    primary = [host for host in members if host in states and is_primary(states[host])]
    wanted = [host for host in members if members[host]["state"] == PRESENT and host not in gone]
    if not wanted:
        raise Refusal("No member would be left: all hosts are absent or named as gone. Name those alone that are. Nothing was changed.")
    case = Case(members, looks, states, wanted, gone, source)
    if primary:
        return case.with_primary(primary)
    case.refuse_busy(live)
    return case.without_primary(waited)


def _refuse_names(members, gone, source):
    strangers = [host for host in gone if host not in members]
    if strangers:
        raise Refusal(
            "galera_recover_without names %s, which is no host of the group: %s. Correct it; nothing was changed."
            % (", ".join(strangers), ", ".join(members))
        )
    if source and (source not in members or source in gone or members[source]["state"] != PRESENT):
        what = "no host of the group" if source not in members else "named as gone as well" if source in gone else "to be absent"
        raise Refusal(
            "galera_recover_from says %s, which is %s. Name a host whose member shall be there, or leave it out; nothing was changed."
            % (source, what)
        )


def _refuse_answering(gone, looks, failed):
    alive = [host for host in gone if host in looks or host in failed]
    if alive:
        raise Refusal(
            "%s answer%s, so what is on the disk there is not gone. Take %s out of galera_recover_without and run again; nothing was "
            "changed."
            % (", ".join(alive), "s" if len(alive) == 1 else "", "it" if len(alive) == 1 else "them")
        )


def _refuse_silent(members, looks, gone, failed):
    mute = ["%s (%s)" % (host, why.rstrip(".")) for host, why in failed.items()]
    if mute:
        raise Refusal("What the member has could not be seen on %s. Cure that and run again; nothing was changed." % "; ".join(mute))
    silent = [host for host in members if host not in looks and host not in gone and members[host]["state"] == PRESENT]
    if silent:
        raise Refusal(
            "%s not answer, and unreachable is not absent: the member there may have later data than all others, or serve. Bring %s back, "
            "or, if the disk is gone for good, name %s in galera_recover_without. Nothing was changed."
            % (_listed(silent, "does", "do"), *(("it", "it") if len(silent) == 1 else ("them", "them")))
        )


class Case:
    """All that was seen, with the members that shall be there: C(live) are those that answer, in no primary component."""

    def __init__(self, members, looks, states, wanted, gone, source):
        self.members = members
        self.looks = looks
        self.states = states
        self.wanted = wanted
        self.gone = gone
        self.source = source
        self.live = [host for host in wanted if states.get(host, {}).get("cluster_uuid")]

    # With a primary component there is nothing to recover

    def with_primary(self, primary):
        uuids = sorted({self.states[host]["cluster_uuid"] or "" for host in primary})
        if "" in uuids:
            raise Refusal(
                "%s in a primary component without the UUID of any cluster: members came together that did not know how far their data go, "
                "and nothing was compared. Stop them all (systemctl stop quorate-member@NAME), find out whose data are to stay, and name "
                "its host in galera_recover_from. Nothing was changed."
                % _are([self._name(host) for host in primary if not self.states[host]["cluster_uuid"]])
            )
        if len(uuids) > 1:
            raise Refusal(
                "Members are in %d clusters that serve: %s. Decide which one shall stay, stop the members of the other, and move their "
                "data away. Nothing was changed."
                % (len(uuids), "; ".join("%s with %s" % (uuid, self._names(self._with_uuid(primary, uuid))) for uuid in uuids))
            )
        others = [host for host in self.wanted if host not in primary or not is_synced(self.states[host])]
        told = ["%s in the primary component of cluster %s: there is nothing to recover" % (_are(self._each(primary)), uuids[0])]
        if others:
            told.append("%s, one after the other, each until it is synced" % _listed(self._each(others), "joins", "join"))
        return self._decided(JOIN if others else NOTHING, None, self._troubles(others) + told, joining=others)

    def _with_uuid(self, hosts, uuid):
        return [host for host in hosts if self.states[host]["cluster_uuid"] == uuid]

    # Without one

    def refuse_busy(self, live):
        """One that takes connections may serve: what only waits for others has not come so far."""
        busy = [host for host in self.wanted if self.looks[host].get("listens") and host not in self.states]
        if busy:
            raise Refusal(
                "%s connections and %s not answered, so nobody can tell whether %s: %s. Cure that and run again; nothing was changed."
                % (
                    _listed(self._each(busy), "takes", "take"),
                    "has" if len(busy) == 1 else "have",
                    "it serves" if len(busy) == 1 else "they serve",
                    "; ".join("%s: %s" % (host, ((live.get(host) or {}).get("error") or "no answer").rstrip(".")) for host in busy),
                )
            )

    def without_primary(self, waited):
        troubles = self._troubles(self.wanted)
        if self.source:
            return self._forced(troubles)
        self._refuse_several_clusters()
        if not waited and not self.live and self._may_find_each_other():
            return self._wait(troubles)
        unsettled = [host for host in self.wanted if self._runs(host) and host not in self.live]
        # What one that runs has noted may be older than what it leaves.
        unknown = [
            host
            for host in self.wanted
            if host not in self.live and self._has_data(host) and (host in unsettled or self._seqno(host) < 0)
        ]
        if unsettled or unknown:
            return self._settle(unsettled, unknown, troubles)
        best = self._best()
        if best in self.live:
            return self._promote(best, troubles)
        if self.live:
            # Their end may not be a clean one.
            return self._settle(self.live, [host for host in self.live if self._has_data(host)], troubles + self._positions())
        return self._bootstrap(best, troubles)

    def _forced(self, troubles):
        """The operator says whose data are to stay. They are taken as they are."""
        source = self.source
        if self.looks[source]["data"] != FILLED:
            raise Refusal(
                "galera_recover_from says %s, where there is no whole database (the data directory is %s). Name another host; nothing was "
                "changed." % (source, self.looks[source]["data"])
            )
        running = [host for host in self.wanted if self._runs(host)]
        if running:
            return self._settle(running, [], troubles, "%s, since galera_recover_from says so" % self._name(source))
        self._refuse_without_room(source)
        told = "%s is begun with, since galera_recover_from says so; what others have and it has not is lost" % self._name(source)
        return self._decided(BOOTSTRAP, source, troubles + [told] + self._begins(source))

    def _refuse_several_clusters(self):
        owners = {}
        for host in self.wanted:
            uuid = self._uuid(host)
            if uuid:
                owners.setdefault(uuid, []).append(host)
        if len(owners) > 1:
            raise Refusal(
                "The data are of %d clusters: %s. Nobody can tell which is the right one, and to join destroys what a member has. Move "
                "away, with all that is in them, the data directories that do not belong here, and run again; nothing was changed."
                % (len(owners), "; ".join("%s on %s" % (uuid, ", ".join(hosts)) for uuid, hosts in owners.items()))
            )
        if not owners:
            raise Refusal(
                "No member has data of a cluster with which could be begun: %s. If one of them is whole all the same, name it with "
                "galera_recover_from; else put a copy back, or form the cluster anew with the playbook quorate.swarm.galera. Nothing was "
                "changed." % "; ".join("on %s %s" % (host, self._lack(host)) for host in self.wanted)
            )

    def _lack(self, host):
        look = self.looks[host]
        if look["data"] == FILLED:
            return "the UUID of the cluster is zero or missing"
        return {"partial": "a transfer from another member was cut off", "empty": "the data directory is empty"}.get(
            look["data"], "there is no data directory"
        )

    def _may_find_each_other(self):
        """Members with a file of their last view form that one again once all are there, and no other: an older one is in their way.

        Those that have no address to look at would look for ever.
        """
        if any((self.looks[host].get("trouble") or {}).get("kind") == position.NO_ADDRESS for host in self.wanted):
            return False
        views = {host: self.looks[host]["view"] for host in self.wanted if self.looks[host].get("view")}
        if not views or len({(tuple(view["name"]), tuple(view["members"])) for view in views.values()}) > 1:
            return False
        awaited = set(next(iter(views.values()))["members"])
        return awaited <= {view["own"] for view in views.values()}

    def _wait(self, troubles):
        starting = [host for host in self.wanted if not self._runs(host)]
        told = []
        if starting:
            told.append("start %s as on any day" % self._names(starting))
        told.append(
            "wait until the members have found each other: all of the last view are there, and form it again by themselves. If they do "
            "not, then stop them, compare how far their data go, and begin with the one that is ahead"
        )
        return self._decided(WAIT, None, troubles + told, starting=starting)

    def _settle(self, stopping, unknown, troubles, begun=""):
        told = []
        if stopping:
            told.append("stop %s, which %s in no primary component" % (self._names(stopping), "is" if len(stopping) == 1 else "are"))
        if [host for host in unknown if host not in self.live]:
            told.append(
                "read with mariadbd --wsrep-recover, in a container that is thrown away, how far the data of %s go, since no clean end has "
                "noted it" % self._names(unknown)
            )
        told.append(
            "begin with %s%s%s"
            % (
                begun or "the member that is ahead",
                ", after a copy of its data if it is none of those that run" if set(self.live) - set(stopping) else
                ", after a copy of its data",
                "; then the others join, one after the other" if len(self.wanted) > 1 else "",
            )
        )
        return self._decided(SETTLE, None, troubles + told, stopping=stopping, reading=unknown)

    def _promote(self, best, troubles):
        down = [host for host in self.wanted if host not in self.live]
        why = "%s, so %s is told that it is the primary component (pc.bootstrap)" % (
            "the others are down" if down else "all are in no primary component", self._name(best)
        )
        told = self._positions() + [self._choice(best), why] + self._joins(best)
        return self._decided(PROMOTE, best, troubles + told)

    def _bootstrap(self, best, troubles):
        self._refuse_without_room(best)
        return self._decided(BOOTSTRAP, best, troubles + self._positions() + [self._choice(best)] + self._begins(best))

    def _best(self):
        able = [host for host in self.wanted if self._position(host) is not None]
        if not able:
            raise Refusal(
                "No member tells how far its data go: %s. Name the one to begin with in galera_recover_from. Nothing was changed."
                % "; ".join("on %s %s" % (host, self._lack(host)) for host in self.wanted)
            )
        best = max(able, key=lambda host: (self._position(host), host in self.live, self._is_safe(host), -self.wanted.index(host)))
        left = [
            host
            for host in self.members
            if host not in self.wanted and host in self.looks and self._uuid(host) == self._uuid(best)
            and self.looks[host]["data"] == FILLED and (self._seqno(host) > self._position(best) or host in self.states)
        ]
        if left:
            raise Refusal(
                "%s to be absent, and %s: %s. Let %s be present until the recovery is through; nothing was changed."
                % (
                    _are(left),
                    "its data go farther than those of all others" if self._seqno(left[0]) > self._position(best) else "its member runs",
                    ", ".join("%s:%s" % (self._uuid(host), self._seqno(host)) for host in left),
                    "it" if len(left) == 1 else "them",
                )
            )
        return best

    def _choice(self, best):
        same = [host for host in self.wanted if host != best and self._position(host) == self._position(best)]
        others = [host for host in self.wanted if host != best and self._position(host) is not None]
        if not others:
            return "%s alone has data of the cluster" % self._name(best)
        if not same:
            return "%s is ahead of all others" % self._name(best)
        if best in self.live and not set(same) <= set(self.live):
            why = "it runs"
        elif self._is_safe(best) and not any(self._is_safe(host) for host in same):
            why = "it was the last one to leave the cluster (safe_to_bootstrap)"
        else:
            why = "it comes first in the group"
        return "%s is as far as %s, and is taken since %s" % (self._name(best), self._names(same), why)

    def _refuse_without_room(self, source):
        look = self.looks[source]
        if not look.get("backup") and look["free"] < look["size"]:
            raise Refusal(
                "The data of %s take %s on %s, and only %s are free there for the copy of them. Make room, or name another directory of "
                "that host with galera_recover_backup_dir, and run again. The members are stopped; nothing else was changed."
                % (self._name(source), in_words(look["size"]), source, in_words(look["free"]))
            )

    def _begins(self, source):
        look = self.looks[source]
        copied = (
            "the copy %s of an earlier run is still true, and no other one is made" % look["backup"]
            if look.get("backup")
            else "its data (%s) are copied first" % in_words(look["size"])
        )
        alone = "it forms the cluster alone (safe_to_bootstrap: 1, and no addresses), and is given its list again"
        return [copied, alone] + self._joins(source)

    def _joins(self, source):
        others = [host for host in self.wanted if host != source]
        return ["then %s, one after the other, each until it is synced" % _listed(self._each(others), "joins", "join")] if others else []

    # Hosts

    def _runs(self, host):
        return self.looks[host]["running"] or self.looks[host]["unit_active"]

    def _has_data(self, host):
        """Data that a member could be begun with: of a cluster, and whole."""
        return self.looks[host]["data"] == FILLED and bool(self.looks[host]["uuid"])

    def _uuid(self, host):
        return self.states[host]["cluster_uuid"] if host in self.live else self.looks[host]["uuid"] if self._has_data(host) else None

    def _seqno(self, host):
        told = self.states[host]["seqno"] if host in self.live else self.looks[host]["seqno"]
        return position.UNKNOWN if told is None else told

    def _is_safe(self, host):
        return bool(self.looks[host].get("safe_to_bootstrap"))

    def _position(self, host):
        return self._seqno(host) if self._uuid(host) and self._seqno(host) >= 0 else None

    # Words

    def _positions(self):
        return [
            "the positions are: %s"
            % "; ".join(
                "%s %s" % (self._name(host), "%s:%d" % (self._uuid(host), self._seqno(host)) if self._position(host) is not None else
                           "none, %s" % self._lack(host))
                for host in self.wanted
            )
        ]

    def _troubles(self, hosts):
        found = [(host, self.looks[host].get("trouble")) for host in hosts if host in self.looks]
        return [
            "the log of %s on %s says %s%s"
            % (
                self._name(host),
                host,
                MEANINGS[trouble["kind"]],
                " (nobody knew %s)" % ", ".join(trouble["unresolved"]) if trouble["unresolved"] else "",
            )
            for host, trouble in found
            if trouble and not (host in self.states and is_primary(self.states[host]))
        ]

    def _name(self, host):
        return self.members[host]["name"]

    def _each(self, hosts):
        return [self._name(host) for host in hosts]

    def _names(self, hosts):
        return ", ".join(self._each(hosts))

    def _decided(self, action, source, told, starting=(), stopping=(), reading=(), joining=None):
        return {
            "action": action,
            "source": source,
            "acting": list(self.wanted),
            "start": list(starting),
            "stop": list(stopping),
            # Who answers ends by itself; who does not would not hear of it until it is killed.
            "kill": [host for host in stopping if host not in self.states],
            "read": list(reading),
            "join": [host for host in self.wanted if host != source] if joining is None else joining,
            "absent": [host for host in self.members if host not in self.wanted],
            "warnings": ["%s left out, since galera_recover_without says so" % _are(list(self.gone))] if self.gone else [],
            "sentences": told,
        }


def _listed(names, singular, plural):
    return "%s %s" % (", ".join(names), singular if len(names) == 1 else plural)


def _are(names):
    return _listed(names, "is", "are")
