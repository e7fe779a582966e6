"""What is wrong with services: what keeps their tasks from running, and what is otherwise than a goal wants. Pure."""

from collections.abc import Iterable, Mapping

from tui.checks.images import same_image
from tui.checks.misnamed import near_name
from tui.checks.scene import Red, Scene, expected
from tui.checks.task_troubles import task_trouble
from tui.checks.wanted import Wanted
from tui.checks.words import joined
from tui.labs.model import Subject
from tui.swarm.snapshot import Service, Snapshot

__all__ = ["service_deviation", "service_trouble"]


def service_trouble(red: Red, scene: Scene) -> str:
    """What keeps the tasks of the goal's service from running."""
    if not scene.open(red) or _wants_fewer(red):
        return ""
    for service in _services_of(red, scene.now):
        if trouble := task_trouble(service, scene):
            return trouble
    return ""


def _wants_fewer(red: Red) -> bool:
    """Whether the goal is about tasks that are to be gone."""
    running = red.expect.get("running", red.expect.get("count"))
    return red.expect.get("exists") is False or (running is not None and Wanted(running).admits(0))


def _services_of(red: Red, snapshot: Snapshot) -> list[Service]:
    """The services that a goal is about: by name, by their stack, or by the port that is asked."""
    if red.service:
        service = snapshot.service(red.service)
        return [service] if service is not None else []
    if red.spec.subject is Subject.STACK:
        return [one for one in snapshot.services if ("com.docker.stack.namespace", str(red.spec.of)) in one.labels]
    if red.spec.subject is Subject.WEB:
        port = red.of.get("port")
        return [one for one in snapshot.services if any(open_.published == port for open_ in one.ports)]
    return []


def service_deviation(red: Red, scene: Scene) -> str:
    """What was made or changed since the step began, and is not what is wanted."""
    if not scene.open(red) or red.expect.get("exists") is False:
        return ""
    kinds: Mapping[Subject, Iterable[str] | None] = {
        Subject.NETWORK: _new((one.name for one in scene.now.networks or ()), scene.start.networks),
        Subject.SECRET: _new((one.name for one in scene.now.secrets or ()), scene.start.secrets),
        Subject.CONFIG: _new((one.name for one in scene.now.configs or ()), scene.start.configs),
    }
    if red.spec.subject in kinds:
        meant = near_name(str(red.spec.of), kinds[red.spec.subject] or ())
        return f"There is a {red.spec.subject} {meant}, and {red.spec.of} is wanted." if meant else ""
    if red.spec.subject is Subject.WEB:
        return _no_door(red, scene)
    if not red.service:
        return ""
    service = scene.now.service(red.service)
    return _absent(red, scene) if service is None else _changed(red, service, scene)


def _new(names: Iterable[str], then: Iterable[object] | None) -> list[str]:
    known = {getattr(one, "name", "") for one in then or ()}
    return [name for name in names if name not in known]


def _absent(red: Red, scene: Scene) -> str:
    """A service that is wanted and not there."""
    name = red.service
    if scene.start.service(name) is not None:
        return f"The service {name} was removed."
    fresh = [one for one in scene.now.services if scene.service_then(one) is None]
    meant = near_name(name, (one.name for one in fresh))
    if not meant and fresh:
        image = expected(red.expect.get("image"))
        meant = next((one.name for one in fresh if image and same_image(image, one.image)), "")
    if meant:
        return f"There is a service {meant}, and {name} is wanted."
    return _by_hand(red, scene)


def _by_hand(red: Red, scene: Scene) -> str:
    """A container that was started by hand where a service is wanted."""
    image = expected(red.expect.get("image"))
    for node, engine in scene.now.engines.items():
        then = scene.start.engines.get(node)
        known = {one.id for one in then.containers} if then is not None else set[str]()
        for one in engine.containers:
            fits = one.name == red.service or (image and same_image(image, one.image))
            if one.id not in known and not one.task_id and fits:
                return f"{one.name} is a single container on {node}, and a service is wanted."
    return ""


def _changed(red: Red, service: Service, scene: Scene) -> str:
    """A service that was made or changed since the step began, but not as wanted."""
    then = scene.service_then(service)
    image, port = expected(red.expect.get("image")), expected(red.expect.get("port"))
    if image and not same_image(image, service.image) and (then is None or then.image != service.image):
        return f"{service.name} uses the image {service.image}, and {image} is wanted."
    if isinstance(port, int) and (then is None or then.ports != service.ports):
        published = [str(one.published) for one in service.ports]
        if str(port) not in published:
            what = f"port {joined(published)}" if published else "no port"
            return f"{service.name} publishes {what}, and {port} is wanted."
    wanted = expected(red.expect.get("replicas", red.expect.get("running")))
    asked = service.replicas
    if (
        red.spec.subject is Subject.SERVICE
        and isinstance(wanted, int)
        and asked is not None
        and asked != wanted
        and (then is None or then.replicas != asked)
    ):
        replicas = f"{asked} replica{'' if asked == 1 else 's'}"
        return f"{service.name} asks for {replicas}, and {wanted} {'is' if wanted == 1 else 'are'} wanted."
    mode = expected(red.expect.get("mode"))
    if mode and service.mode != mode and (then is None or then.mode != service.mode):
        return f"{service.name} is {service.mode}, and {mode} is wanted."
    return ""


def _no_door(red: Red, scene: Scene) -> str:
    """A port that nobody publishes, although a service was made or changed since the step began."""
    port = red.of.get("port")
    changed = [one for one in scene.now.services if scene.service_then(one) != one]
    if _services_of(red, scene.now) or not changed or Wanted(red.expect.get("refused", False)).is_true():
        return ""
    published = [str(one.published) for service in changed for one in service.ports]
    instead = f"{changed[0].name} publishes {joined(published)}" if published else f"{changed[0].name} publishes none"
    return f"No service publishes port {port}; {instead}."
