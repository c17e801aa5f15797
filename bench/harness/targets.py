"""Who is measured: how each proxy is found, configured and started."""

import dataclasses
import pathlib
import subprocess

from .errors import BenchError
from .tokens import token_endpoint
from .workloads import Workload
from .workshop import BENCH, GATEWAY, Workshop, require

NGINX_LUA = pathlib.Path("/usr/lib/nginx/modules/ngx_http_lua_module.so")
HAPROXY_BUFFER_BYTES = 16384
HAPROXY_HEAD_ROOM_BYTES = 8192


@dataclasses.dataclass(frozen=True)
class Setting:
    """Where one target stands in one workload."""

    shop: Workshop
    workload: Workload
    port: int
    origin_port: int

    def file(self, name: str) -> pathlib.Path:
        return self.shop.run / f"{self.workload.name}-{name}"


class Target:
    """One column of the table."""

    def __init__(self, name: str):
        self.name = name

    def require(self) -> None:
        """Fails with the cure when the program is not there."""

    def version(self) -> str:
        raise NotImplementedError

    def supports(self, workload: Workload) -> bool:
        raise NotImplementedError

    def command(self, setting: Setting) -> list[str]:
        """Writes what the program reads and gives the command that starts it in the foreground."""
        raise NotImplementedError


class Limit(Target):
    """The minimal forwarder in C."""

    def version(self) -> str:
        return "bench/c/forwarder.c"

    def supports(self, workload: Workload) -> bool:
        return True

    def command(self, setting: Setting) -> list[str]:
        shop, workload = setting.shop, setting.workload
        command = [str(shop.programs / "forwarder"), f"--listen={setting.port}", f"--upstream={setting.origin_port}"]
        if workload.authorize == "sign":
            command.append(f"--access-key={shop.access_key}")
        if workload.authorize == "bearer":
            command.append(f"--bearer={shop.bearer}")
        if workload.origin_tls:
            command.append(f"--upstream-ca={shop.ca}")
        if workload.listener_tls:
            command += [f"--certificate={shop.server_certificate}", f"--key={shop.server_key}"]
        return command


class HAProxy(Target):
    """HAProxy with its built-in converters."""

    def require(self) -> None:
        require("haproxy")

    def version(self) -> str:
        return first_line(["haproxy", "-v"]).removesuffix(" - https://haproxy.org/")

    def supports(self, workload: Workload) -> bool:
        return True

    def command(self, setting: Setting) -> list[str]:
        path = setting.file(f"{self.name}.cfg")
        write_private(path, render(BENCH / "templates/haproxy.cfg", setting))
        return ["haproxy", "-db", "-f", str(path)]


class Nginx(Target):
    """nginx with a script in Lua that signs over OpenSSL."""

    def require(self) -> None:
        require("nginx")
        if not NGINX_LUA.is_file():
            raise BenchError(f"`{NGINX_LUA}` is missing; install it: apt-get install libnginx-mod-http-lua")

    def version(self) -> str:
        return first_line(["nginx", "-v"]) + ", libnginx-mod-http-lua"

    def supports(self, workload: Workload) -> bool:
        return True

    def command(self, setting: Setting) -> list[str]:
        path = setting.file(f"{self.name}.conf")
        script = BENCH / "templates/sign.lua"
        write_private(path, render(BENCH / "templates/nginx.conf", setting, LUA_SCRIPT=str(script)))
        return ["nginx", "-e", "stderr", "-p", "/usr/share/nginx", "-c", str(path)]


class Gateway(Target):
    """acs-gateway, one worker, access log to a file."""

    def __init__(self, name: str, program: pathlib.Path, more_routes: int = 0):
        super().__init__(name)
        self.program = program
        self.more_routes = more_routes

    def require(self) -> None:
        if not self.program.is_file():
            raise BenchError(
                f"`{self.program}` is missing; build it: swift build -c release --product acs-gateway "
                "(or measure without it: --targets limit,haproxy)"
            )

    def version(self) -> str:
        return first_line([str(self.program), "version"])

    def supports(self, workload: Workload) -> bool:
        return True

    def command(self, setting: Setting) -> list[str]:
        path = setting.file(f"{self.name}.yaml")
        port = token_endpoint(setting.shop.bearer.read_text().strip())
        template = BENCH / "templates/gateway.yaml"
        routes = "\n".join(
            f"  - {{ name: more-{number}, match: {{ path_prefix: /more/{number} }}, "
            "allow: [anonymous], resource: origin }"
            for number in range(self.more_routes)
        )
        more = {"ACCESS_LOG": f"{path}.access.log", "TOKEN_PORT": str(port), "MORE_ROUTES": routes}
        write_private(path, render(template, setting, **more))
        return [str(self.program), "run", "--config", str(path)]


def parse_targets(text: str) -> list[Target]:
    """`limit,haproxy,nginx+lua,acs-gateway`; `NAME=PROGRAM` adds another build of acs-gateway under its own name."""
    known = {
        "limit": Limit("limit"), "haproxy": HAProxy("haproxy"), "nginx+lua": Nginx("nginx+lua"),
        "acs-gateway": Gateway("acs-gateway", GATEWAY),
    }
    targets: list[Target] = []
    for part in text.split(","):
        name, is_build, program = part.partition("=")
        if is_build:
            targets.append(Gateway(name, pathlib.Path(program).resolve()))
        elif name in known:
            targets.append(known[name])
        else:
            raise BenchError(f"target `{name}` is not known; known are {', '.join(known)} and NAME=PROGRAM")
    names = [target.name for target in targets]
    if len(set(names)) < len(names):
        raise BenchError("two targets have the same name")
    return targets


def render(template: pathlib.Path, setting: Setting, **more: str) -> str:
    """Fills in a template: `?name` lines are kept when `name` holds, @NAME@ is replaced."""
    shop, workload = setting.shop, setting.workload
    holds = {
        workload.authorize,
        "tls_listener" if workload.listener_tls else "plain_listener",
        "tls_origin" if workload.origin_tls else "plain_origin",
    }
    # HAProxy wants certificate and key in one file.
    both = setting.file("certificate-and-key.pem")
    write_private(both, shop.server_certificate.read_text() + shop.server_key.read_text())
    values = {
        "PORT": str(setting.port),
        "ORIGIN_PORT": str(setting.origin_port),
        "RUN": str(shop.run),
        "BUFFER_BYTES": str(max(HAPROXY_BUFFER_BYTES, workload.body_bytes + HAPROXY_HEAD_ROOM_BYTES)),
        "ACCESS_KEY": shop.access_key.read_text().strip(),
        "ACCESS_KEY_FILE": str(shop.access_key),
        "BEARER": shop.bearer.read_text().strip(),
        "CA_PEM": str(shop.ca),
        "CERTIFICATE": str(shop.server_certificate),
        "CERTIFICATE_KEY": str(shop.server_key),
        "CERTIFICATE_AND_KEY": str(both),
        **more,
    }
    lines = []
    for line in template.read_text().splitlines():
        if line.startswith("?"):
            name, _, line = line[1:].partition(" ")
            if name not in holds:
                continue
        lines.append(line)
    text = "\n".join([*lines, ""])
    for name, value in values.items():
        text = text.replace(f"@{name}@", value)
    return text


def write_private(path: pathlib.Path, text: str) -> None:
    path.touch(mode=0o600)
    path.write_text(text)


def first_line(command: list[str]) -> str:
    result = subprocess.run(command, capture_output=True, text=True)
    return (result.stdout or result.stderr).partition("\n")[0].strip()
