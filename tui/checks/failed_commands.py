"""The command that failed just now: what it said, made readable, and what was probably meant. Pure."""

import re
from collections.abc import Callable, Mapping

from tui.checks.commands import SimpleCommand, matches, simple_commands
from tui.checks.misnamed import near_image, near_name
from tui.checks.scene import Scene
from tui.checks.wanted import Wanted
from tui.checks.words import clip, joined, useful_line
from tui.labs.model import CheckSpec, Subject
from tui.swarm.snapshot import LocalState, Snapshot
from tui.terminal.command_log import RanCommand

__all__ = ["command_trouble"]

_STOPPED_BY_HAND = (130, 143)
_WORDS_OF_DOCKER = (
    *("build", "config", "container", "cp", "exec", "image", "images", "info", "inspect", "kill", "login", "logs"),
    *("network", "node", "ps", "pull", "push", "restart", "rm", "rmi", "run", "secret", "service", "stack", "start"),
    *("stop", "swarm", "system", "tag", "top", "version", "volume"),
)
_PROGRAMS = ("docker", "curl", "hostname", "ssh", "ping", "watch", "wget", "exit", "clear")

_Sentence = Callable[[re.Match[str], RanCommand, Scene], str]


def command_trouble(scene: Scene) -> str:
    """What to say of the last command, if it failed and was not meant to; otherwise empty."""
    ended = [command for command in scene.evidence.commands if command.exit_status is not None]
    last = max(ended, key=lambda command: command.started, default=None)
    if last is None or last.exit_status in (0, *_STOPPED_BY_HAND) or _may_fail(last, scene.specs):
        return ""
    for pattern, sentence in _KNOWN:
        if found := pattern.search(last.output):
            return sentence(found, last, scene)
    line = useful_line(last.output)
    said = f": “{clip(line)}”" if line else f", with exit status {last.exit_status}"
    return f"“{_name(last)}” failed on {last.node}{said}."


def _may_fail(command: RanCommand, specs: tuple[CheckSpec, ...]) -> bool:
    """Whether the goal itself lets this command fail."""
    simple = simple_commands(command.text)
    for spec in specs:
        if spec.subject is not Subject.RAN or not isinstance(spec.of, Mapping) or not isinstance(spec.expect, Mapping):
            continue
        if "exit" in spec.expect and Wanted(spec.expect["exit"]).admits(0):
            continue
        wanted = spec.of.get("command")
        names = (wanted,) if isinstance(wanted, str) else wanted if isinstance(wanted, tuple) else ()
        if any(matches(str(name), one) for name in names for one in simple):
            return True
    return False


def _simple(command: RanCommand) -> SimpleCommand | None:
    found = simple_commands(command.text)
    return next((one for one in found if one.path[0] == "docker"), found[0] if found else None)


def _name(command: RanCommand) -> str:
    """The command by its first words: `docker service create`."""
    simple = _simple(command)
    return " ".join(simple.path) if simple is not None else clip(command.text)[:40]


def _managers(snapshot: Snapshot) -> list[str]:
    return [engine.node for engine in snapshot.engines.values() if engine.reachable and engine.is_manager]


def _not_a_manager(_: re.Match[str], command: RanCommand, scene: Scene) -> str:
    managers = [node for node in _managers(scene.now) if node != command.node]
    refused = f"{command.node} refused “{_name(command)}”"
    if managers:
        return f"{refused}: only a manager can do that. Ask {joined(managers, 'or')}."
    engine = scene.now.engines.get(command.node)
    in_swarm = engine is not None and engine.state is not LocalState.INACTIVE
    return f"{refused}: only a manager can do that" + ("." if in_swarm else f", and {command.node} is in no swarm.")


def _in_a_swarm(_: re.Match[str], command: RanCommand, scene: Scene) -> str:
    engine = scene.now.engines.get(command.node)
    role = ", as its manager" if engine is not None and engine.is_manager else ""
    return f"{command.node} is in a swarm already{role}. To enter another it has to leave that one first."


def _port_taken(found: re.Match[str], __: RanCommand, _: Scene) -> str:
    return f"Port {found['port']} is taken: the service {found['service']} publishes it already."


def _port_taken_here(found: re.Match[str], command: RanCommand, scene: Scene) -> str:
    port = found["port"]
    holders = [
        service.name for service in scene.now.services if any(str(one.published) == port for one in service.ports)
    ]
    by = f": the service {holders[0]} publishes it" if holders else ""
    return f"Port {port} is taken on {command.node} already{by}."


def _name_taken(found: re.Match[str], _: RanCommand, __: Scene) -> str:
    return f"There is a {found['kind']} named {found['name']} already."


def _container_name_taken(found: re.Match[str], command: RanCommand, _: Scene) -> str:
    return f"There is a container named {found['name']} on {command.node} already."


def _no_such(found: re.Match[str], command: RanCommand, scene: Scene) -> str:
    kind, name = (found["kind"] or found["other"] or "").lower(), found["name"] or found["second"] or ""
    known = _names(kind, command, scene.now)
    meant = near_name(name, known)
    where = f" on {command.node}" if kind in ("container", "image") else ""
    advice = f" Did you mean {meant}?" if meant else f" There is {joined(sorted(known)[:4])}." if known else ""
    return f"There is no {kind} {name}{where}.{advice}"


def _names(kind: str, command: RanCommand, snapshot: Snapshot) -> list[str]:
    engine = snapshot.engines.get(command.node)
    names = {
        "service": [service.name for service in snapshot.services],
        "node": [node.hostname for node in snapshot.nodes],
        "container": [one.name for one in engine.containers] if engine is not None else [],
        "network": [network.name for network in snapshot.networks or ()],
        "secret": [secret.name for secret in snapshot.secrets or ()],
        "config": [config.name for config in snapshot.configs or ()],
    }
    return names.get(kind, [])


def _no_image(found: re.Match[str], _: RanCommand, scene: Scene) -> str:
    image = next(group for group in found.groups() if group)
    meant = near_image(image, scene.images())
    return f"No image {image} can be found." + (f" Did you mean {meant}?" if meant else "")


def _leave_by_force(_: re.Match[str], command: RanCommand, __: Scene) -> str:
    return f"{command.node} is a manager. A manager leaves only by force, because its swarm may be lost without it."


def _not_down(_: re.Match[str], __: RanCommand, ___: Scene) -> str:
    return "A node that is up cannot be taken off the list: it must have left the swarm, or be Down."


def _no_leader(_: re.Match[str], command: RanCommand, __: Scene) -> str:
    return f"“{_name(command)}” failed: the swarm has no leader, because too few of its managers are there."


def _bad_token(_: re.Match[str], command: RanCommand, __: Scene) -> str:
    return f"{command.node} was not let in: the join token is not one of this swarm. Was it copied whole?"


def _nobody_there(_: re.Match[str], command: RanCommand, scene: Scene) -> str:
    managers = _managers(scene.now)
    addresses = [f"{scene.now.engines[node].address}:2377" for node in managers]
    advice = f" {joined(managers, 'or')} listens at {joined(addresses, 'or')}." if managers else ""
    return f"{command.node} reached no manager at the address that it was given.{advice}"


def _no_daemon(_: re.Match[str], command: RanCommand, __: Scene) -> str:
    return f"The engine of {command.node} does not answer."


def _unknown_word(found: re.Match[str], __: RanCommand, _: Scene) -> str:
    word = (found["word"] or found["newer"] or "").split()[-1]
    meant = near_name(word, _WORDS_OF_DOCKER)
    return f"Docker has no command “{word}”." + (f" Did you mean {meant}?" if meant else "")


def _unknown_program(found: re.Match[str], command: RanCommand, _: Scene) -> str:
    meant = near_name(found["word"], _PROGRAMS)
    return f"{command.node} knows no command “{found['word']}”." + (f" Did you mean {meant}?" if meant else "")


def _unknown_flag(found: re.Match[str], command: RanCommand, _: Scene) -> str:
    name = _name(command)
    return f"“{name}” has no option {found['flag']}. `{name} --help` lists those that it has."


def _arguments(found: re.Match[str], __: RanCommand, _: Scene) -> str:
    return f"“{found['command']}” {found['what']}. `{found['command']} --help` shows which."


def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


_KNOWN: tuple[tuple[re.Pattern[str], _Sentence], ...] = (
    (_compiled(r"does not have a leader|too few managers are online"), _no_leader),
    (_compiled(r"This node is not a swarm manager"), _not_a_manager),
    (_compiled(r"This node is already part of a swarm"), _in_a_swarm),
    (_compiled(r"port '(?P<port>\d+)' is already in use by service '(?P<service>[^']+)'"), _port_taken),
    (_compiled(r"Bind for \S*?:(?P<port>\d+) failed: port is already allocated"), _port_taken_here),
    (
        _compiled(r"name conflicts with an existing object: (?P<kind>\w+) (?P<name>\S+) already exists"),
        _name_taken,
    ),
    (_compiled(r'container name "/?(?P<name>[^"]+)" is already in use'), _container_name_taken),
    (_compiled(r"pull access denied for ([^,\s]+)|manifest for (\S+) not found|No such image: (\S+)"), _no_image),
    (
        _compiled(
            r"No such (?P<kind>service|node|container|network|secret|config|image): (?P<name>\S+)"
            r"|daemon: (?P<other>service|node|network|secret|config) (?P<second>\S+) not found"
        ),
        _no_such,
    ),
    (_compiled(r"participating as a manager"), _leave_by_force),
    (_compiled(r"is not down and can't be removed"), _not_down),
    (_compiled(r"valid join token is necessary|invalid join token"), _bad_token),
    (
        _compiled(r"Timeout was reached before node joined|could not (connect|reach)|dial tcp \S+: .*(refused|route)"),
        _nobody_there,
    ),
    (_compiled(r"Cannot connect to the Docker daemon"), _no_daemon),
    (
        _compiled(r"docker: '(?P<word>[^']+)' is not a docker command|unknown command: (?P<newer>docker [^\n]+)"),
        _unknown_word,
    ),
    (_compiled(r"(?m)^\S*: (?:line \d+: )?(?P<word>\S+): command not found"), _unknown_program),
    (_compiled(r"unknown (?:shorthand )?flag: (?P<flag>'?-{0,2}[^\s']+'?)"), _unknown_flag),
    (
        _compiled(r"""["'](?P<command>docker [^"']+)["'] (?P<what>(?:requires|accepts) [^.\n]+)"""),
        _arguments,
    ),
)
"""How the daemon (20.10 to 29) and the shell word what goes wrong, and what is said of it here; the first that fits."""
