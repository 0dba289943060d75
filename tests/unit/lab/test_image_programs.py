"""What the images' own programs make of environment and files, seen by a Java that tells how it was started."""

import os
import shutil
import subprocess

import pytest
from quorate_lab import images

DEFINITIONS = images.DEFINITIONS
MEMORY = "-Xms300m -Xmx300m"


class Container:
    """A directory with an image's programs, and with stand-ins for those of Debian that they call."""

    def __init__(self, directory):
        self.directory = directory
        self.fakes = directory / "fakes"
        self.fakes.mkdir()

    def fake(self, name, script):
        (self.fakes / name).write_text(f"#!/bin/sh\n{script}\n")
        (self.fakes / name).chmod(0o755)

    def run(self, program, *arguments, **environment):
        # Names with a dot are no names for a shell, so that the environment is given by `env`.
        words = [f"{name}={value}" for name, value in environment.items()]
        return subprocess.run(["env", "-i", f"PATH={self.fakes}:{os.environ['PATH']}", *words, str(program), *arguments],
                              capture_output=True, text=True, timeout=30, check=False)


@pytest.fixture
def elasticsearch(tmp_path):
    container = Container(tmp_path)
    shutil.copytree(DEFINITIONS / "elasticsearch/files/usr/share/elasticsearch", tmp_path / "home")
    container.config = tmp_path / "home/config"
    (container.config / "jvm.options.d").mkdir()
    container.fake("java", 'if [ "$1" = -XshowSettings:properties ]; then echo "    java.specification.version = 17" >&2; exit; fi\n'
                           'printf "%s\\n" "$@"')
    container.start = lambda *arguments, **environment: container.run(
        tmp_path / "home/bin/elasticsearch", *arguments, **{"ES_TMPDIR": str(tmp_path), "ES_JAVA_OPTS": MEMORY, **environment})
    return container


def settings(result):
    return [word.removeprefix("-E") for word in result.stdout.splitlines() if word.startswith("-E")]


def test_environment_with_a_dot_is_a_setting(elasticsearch):
    result = elasticsearch.start("-Enode.name=b", **{
        "cluster.name": "one two", "node.attr.my_rack": "a=b", "ES_SETTING_HTTP_PORT": "9201", "ES_SETTING_A__B_C": "d",
        "Upper.case": "no", "plain": "no"})
    assert sorted(settings(result)) == ["a_b.c=d", "cluster.name=one two", "http.port=9201", "node.attr.my_rack=a=b", "node.name=b"]


def test_a_switched_off_x_pack_is_passed_over_and_another_refused(elasticsearch):
    assert settings(elasticsearch.start(**{"xpack.security.enabled": "false"})) == []
    refused = elasticsearch.start(**{"xpack.security.enabled": "true"})
    assert refused.returncode == 1
    assert "xpack.security.enabled is set, but only the official image knows x-pack" in refused.stderr


def test_options_for_another_java_are_left_out(elasticsearch):
    (elasticsearch.config / "jvm.options.d/own.options").write_text(
        "# a comment\n\n-Da=1\n8-13:-Db=1\n14-:-Dc=1\n17:-Dd=1\n16:-De=1\n  18-:-Df=1\n-Dg=no end of line")
    (elasticsearch.config / "jvm.options.d/other.txt").write_text("-Dh=1\n")
    words = elasticsearch.start().stdout.splitlines()
    assert [word for word in words if len(word.split("=")[0]) == 3 and word.startswith("-D")] == [
        "-Da=1", "-Dc=1", "-Dd=1", "-Dg=no end of line"]


def test_what_is_no_option_is_refused_with_its_line(elasticsearch):
    (elasticsearch.config / "jvm.options.d/own.options").write_text("-Da=1\nXmx1g\n")
    result = elasticsearch.start()
    assert result.returncode == 1
    assert 'line 2 of ' in result.stderr and '"Xmx1g"' in result.stderr


def test_a_users_options_come_after_all_others(elasticsearch):
    (elasticsearch.config / "jvm.options.d/own.options").write_text("-Xmx200m\n")
    words = elasticsearch.start(ES_JAVA_OPTS="  -Xmx300m\n-Da=b ").stdout.splitlines()
    assert words.index("-Xmx200m") < words.index("-Xmx300m") < words.index("-Da=b")
    assert not [word for word in words if word.startswith("-Xms")]


def test_without_a_heap_half_of_the_memory_is_taken(elasticsearch):
    words = elasticsearch.start(ES_JAVA_OPTS="").stdout.splitlines()
    heap = [int(word[4:-1]) for word in words if word.startswith(("-Xms", "-Xmx"))]
    assert len(heap) == 2 and heap[0] == heap[1] and 100 < heap[0] <= 31744


def test_another_style_of_the_log_replaces_its_configuration(elasticsearch):
    wanted = (elasticsearch.config / "log4j2.file.properties").read_text()
    assert elasticsearch.start(ES_LOG_STYLE="file").returncode == 0
    assert (elasticsearch.config / "log4j2.properties").read_text() == wanted
    assert elasticsearch.start(ES_LOG_STYLE="file").returncode == 0
    assert "can be console or file" in elasticsearch.start(ES_LOG_STYLE="files").stderr


def test_a_directory_without_configuration_is_refused(elasticsearch, tmp_path):
    assert "ES_PATH_CONF must name a directory" in elasticsearch.start(ES_PATH_CONF=str(tmp_path)).stderr


@pytest.fixture
def entrypoint(tmp_path):
    container = Container(tmp_path)
    container.fake("id", "echo 0")
    container.fake("setpriv", 'printf "%s\\n" setpriv "$@"')
    container.start = lambda *arguments, **environment: container.run(
        DEFINITIONS / "elasticsearch/files/usr/local/bin/docker-entrypoint.sh", *arguments, **environment)
    return container


@pytest.mark.parametrize("command", [["eswrapper"], ["elasticsearch"], ["/usr/share/elasticsearch/bin/elasticsearch"]])
def test_elasticsearch_does_not_run_as_root(entrypoint, command):
    words = entrypoint.start(*command, "-Enode.name=a").stdout.split()
    assert words == ["setpriv", "--reuid=1000", "--regid=0", "--clear-groups", "elasticsearch", "-Enode.name=a"]


def test_another_command_is_run_as_it_is(entrypoint):
    assert entrypoint.start("echo", "hello").stdout == "hello\n"


@pytest.mark.parametrize("name", ["ELASTIC_PASSWORD", "ELASTIC_PASSWORD_FILE", "KEYSTORE_PASSWORD", "KEYSTORE_PASSWORD_FILE"])
def test_a_password_is_refused_and_not_told(entrypoint, name):
    result = entrypoint.start(**{name: "very-secret"})
    assert result.returncode == 1
    assert "the official image has x-pack" in result.stderr
    assert "very-secret" not in result.stdout + result.stderr


@pytest.fixture
def zookeeper(tmp_path):
    container = Container(tmp_path)
    places = {"ZOO_CONF_DIR": "conf", "ZOO_DATA_DIR": "data", "ZOO_DATA_LOG_DIR": "datalog", "ZOO_LOG_DIR": "logs"}
    for name in places.values():
        (tmp_path / name).mkdir()
    image = next(image for image in images.all_images() if image.name == "zookeeper")
    usual = dict(word.split("=", 1) for word in image.definition["config"]["Env"] if word.startswith("ZOO"))
    usual |= {name: str(tmp_path / place) for name, place in places.items()} | {"ZOOCFGDIR": str(tmp_path / "conf")}
    container.fake("id", "echo 1000")
    container.fake("zkServer.sh", "echo started")
    container.start = lambda *arguments, **environment: container.run(
        DEFINITIONS / "zookeeper/files/docker-entrypoint.sh", *(arguments or ["zkServer.sh", "start-foreground"]),
        **{**usual, **environment})
    container.programs = DEFINITIONS / "zookeeper/files/opt/zookeeper/bin"
    container.usual = usual
    return container


def configuration(container):
    return (container.directory / "conf/zoo.cfg").read_text().splitlines()


def test_the_environment_becomes_the_configuration(zookeeper):
    result = zookeeper.start(ZOO_SERVERS="server.1=a:2888:3888;2181 server.2=b:2888:3888;2181", ZOO_MY_ID="2", ZOO_TICK_TIME="500",
                             ZOO_CFG_EXTRA="reconfigEnabled=true quorumListenOnAllIPs=true", ZOO_4LW_COMMANDS_WHITELIST="srvr, mntr")
    assert result.stdout == "started\n"
    lines = configuration(zookeeper)
    assert lines[-5:] == ["4lw.commands.whitelist=srvr, mntr", "server.1=a:2888:3888;2181", "server.2=b:2888:3888;2181",
                          "reconfigEnabled=true", "quorumListenOnAllIPs=true"]
    assert {"tickTime=500", "initLimit=5", "syncLimit=2", "standaloneEnabled=true", "admin.enableServer=true",
            f"dataDir={zookeeper.directory}/data", f"dataLogDir={zookeeper.directory}/datalog"} <= set(lines)
    assert (zookeeper.directory / "data/myid").read_text() == "2\n"


def test_what_is_there_is_kept(zookeeper):
    (zookeeper.directory / "conf/zoo.cfg").write_text("tickTime=1\n")
    (zookeeper.directory / "data/myid").write_text("7\n")
    zookeeper.start(ZOO_MY_ID="2", ZOO_TICK_TIME="500")
    assert configuration(zookeeper) == ["tickTime=1"]
    assert (zookeeper.directory / "data/myid").read_text() == "7\n"


def test_without_servers_there_is_one(zookeeper):
    zookeeper.start()
    assert configuration(zookeeper)[-1] == "server.1=localhost:2888:3888;2181"
    assert (zookeeper.directory / "data/myid").read_text() == "1\n"


def test_zookeeper_does_not_run_as_root(zookeeper):
    zookeeper.fake("id", "echo 0")
    zookeeper.fake("chown", 'echo chown "$@"')
    zookeeper.fake("gosu", 'echo gosu "$1"')
    places = [zookeeper.usual[name] for name in ("ZOO_DATA_DIR", "ZOO_DATA_LOG_DIR", "ZOO_LOG_DIR", "ZOO_CONF_DIR")]
    assert zookeeper.start().stdout == f"chown -R zookeeper {' '.join(places)}\ngosu zookeeper\n"
    assert not (zookeeper.directory / "conf/zoo.cfg").exists()


def test_another_command_writes_nothing(zookeeper):
    assert zookeeper.start("echo", "hello").stdout == "hello\n"
    assert not (zookeeper.directory / "conf/zoo.cfg").exists()


def test_the_server_gets_the_flags_of_servers_and_the_client_those_of_clients(zookeeper):
    zookeeper.fake("java", 'printf "%s\\n" "$@"')
    flags = {"SERVER_JVMFLAGS": "-Ds=1 -Dt=1", "CLIENT_JVMFLAGS": "-Dc=1", "JVMFLAGS": "-Dj=1"}
    server = zookeeper.run(zookeeper.programs / "zkServer.sh", "start-foreground", **zookeeper.usual, **flags).stdout.splitlines()
    assert {"-Xmx1000m", "-Ds=1", "-Dt=1", "-Dj=1"} <= set(server) and "-Dc=1" not in server
    assert server[-2:] == ["org.apache.zookeeper.server.quorum.QuorumPeerMain", f"{zookeeper.directory}/conf/zoo.cfg"]
    client = zookeeper.run(zookeeper.programs / "zkCli.sh", "-server", "a:2181", "ls", "/", **zookeeper.usual, **flags).stdout.splitlines()
    assert {"-Xmx256m", "-Dc=1", "-Dj=1"} <= set(client) and "-Ds=1" not in client
    assert client[-5:] == ["org.apache.zookeeper.ZooKeeperMain", "-server", "a:2181", "ls", "/"]


@pytest.mark.parametrize(("lines", "port"), [
    (["clientPort=2182"], "2182"), (["server.3=a:1:2;2183"], "2183"), (["server.3=a:1:2;0.0.0.0:2184", "server.1=b:1:2;2181"], "2184"),
    ([], "2181")])
def test_status_asks_at_the_port_of_this_server(zookeeper, lines, port):
    zookeeper.fake("nc", 'cat > /dev/null; echo "Mode: follower at $4"')
    (zookeeper.directory / "data/myid").write_text("3\n")
    (zookeeper.directory / "conf/zoo.cfg").write_text("\n".join([f"dataDir={zookeeper.directory}/data", *lines]) + "\n")
    result = zookeeper.run(zookeeper.programs / "zkServer.sh", "status", **zookeeper.usual)
    assert result.stdout == f"Mode: follower at {port}\n"


def test_status_of_a_dead_server_is_a_failure(zookeeper):
    zookeeper.fake("nc", "exit 1")
    zookeeper.start()
    result = zookeeper.run(zookeeper.programs / "zkServer.sh", "status", **zookeeper.usual)
    assert result.returncode == 1 and "probably not running" in result.stderr


@pytest.fixture
def redis(tmp_path):
    container = Container(tmp_path)
    container.fake("gosu", 'printf "%s\\n" gosu "$@"')
    container.fake("chown", "")
    container.fake("find", "")
    container.fake("redis-server", 'printf "%s\\n" redis-server "$@"')
    program = DEFINITIONS / "redis/files/usr/local/bin/docker-entrypoint.sh"

    def start(*arguments, user="999"):
        container.fake("id", f"echo {user}")
        return container.run(program, *arguments).stdout.split()

    container.start = start
    return container


def test_redis_does_not_run_as_root(redis):
    words = redis.start("redis-server", "/a.conf", user="0")
    assert words[:2] == ["gosu", "redis"] and words[3:] == ["redis-server", "/a.conf"]
    assert redis.start("echo", "hello", user="0") == ["hello"]


def test_redis_has_no_protected_mode_unless_somebody_says_so(redis, tmp_path):
    said, open_ = tmp_path / "said.conf", tmp_path / "open.conf"
    said.write_text("  Protected-Mode yes\n")
    open_.write_text("port 6379\n")
    assert redis.start("redis-server") == ["redis-server", "--protected-mode", "no"]
    assert redis.start("redis-server", str(open_)) == ["redis-server", str(open_), "--protected-mode", "no"]
    assert redis.start("redis-server", str(said)) == ["redis-server", str(said)]
    assert redis.start("--protected-mode", "yes") == ["redis-server", "--protected-mode", "yes"]
