# One image for every part of Tallystream but Kafka and Postgres (docs/compose.md). No syntax line: it would be fetched.

# Empty: as the machine is. apache-flink has no wheel for Linux on arm64, so there it is built from its source
# distribution; TALLY_FLINK_BUILD=arm64 takes that way on any machine.
ARG TALLY_FLINK_BUILD

FROM python:3.11-slim-bookworm AS installer
ENV UV_CACHE_DIR=/cache/uv UV_LINK_MODE=copy PIP_CACHE_DIR=/cache/pip VIRTUAL_ENV=/opt/tally
WORKDIR /build
COPY requirements-uv.lock ./
RUN --mount=type=cache,target=/cache \
    python -m venv /opt/installer \
 && /opt/installer/bin/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-uv.lock \
 && python -m venv --without-pip /opt/tally
COPY requirements-run.lock ./

FROM installer AS packages-amd64
RUN --mount=type=cache,target=/cache \
    /opt/installer/bin/uv pip sync --require-hashes requirements-run.lock

FROM installer AS packages-arm64
RUN --mount=type=cache,target=/var/cache/apt,sharing=locked --mount=type=cache,target=/var/lib/apt/lists,sharing=locked \
    apt-get update \
 && apt-get install -y --no-install-recommends gcc g++ python3-dev openjdk-17-jdk-headless
RUN --mount=type=cache,target=/cache \
    JAVA_HOME=$(dirname "$(dirname "$(readlink -f "$(command -v javac)")")") \
    /opt/installer/bin/uv pip sync --require-hashes --no-binary apache-flink requirements-run.lock

FROM packages-${TALLY_FLINK_BUILD:-${TARGETARCH}} AS environment
COPY requirements.lock pyproject.toml README.md LICENSE ./
COPY tally/ tally/
RUN --mount=type=cache,target=/cache \
    PYTHONPATH=/build TALLY_CACHE=/opt/cache /opt/tally/bin/python -m tally.jars connectors
COPY dashboard/ dashboard/
COPY generator/ generator/
COPY pipeline/ pipeline/
COPY sql/ sql/
RUN --mount=type=cache,target=/cache \
    /opt/installer/bin/uv build --quiet --wheel --build-constraint requirements.lock --require-hashes --out-dir /dist . \
 && /opt/installer/bin/uv pip install --quiet --no-deps --offline /dist/*.whl \
 && { /opt/tally/bin/python -m compileall -q /opt/tally/lib || true; }

FROM python:3.11-slim-bookworm
RUN groupadd --gid 10001 tally && useradd --uid 10001 --gid tally --no-create-home --home-dir /data tally \
 # a named volume takes owner and mode of the folder that it is mounted on
 && install -d -o tally -g tally -m 700 /data /data/archive /data/checkpoints /data/generator /scratch \
    /handed /hand-over /hand-over/writer /hand-over/dashboard /secrets /secrets/owner \
 && install -d -o tally -g tally -m 755 /secrets/postgres
COPY --from=environment /opt/cache /opt/cache
COPY --from=environment /opt/tally /opt/tally
# Flink calls Python inside its own process, through Python's library: the public image brings it, Debian's Python not.
RUN /opt/tally/bin/python -c 'import sys, find_libpython; sys.exit(not find_libpython.find_libpython())' \
 || { apt-get update && apt-get install -y --no-install-recommends libpython3.11 && rm -rf /var/lib/apt/lists/*; }
ENV PATH=/opt/tally/bin:$PATH TALLY_HOME=/data TALLY_CACHE=/opt/cache HOME=/tmp \
    PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
USER tally
WORKDIR /tmp
CMD ["tally", "--help"]
