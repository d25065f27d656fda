# The gate as an image: for the container action, for jobs that have nothing of their own, and as
# the carrier of /opt/ci-gate, which can be copied into any image (scripts/bundle.sh says how it
# is made). Build: docker build -t ci-gate .
# The base is pinned by its full version; docs/security.md says why not by a digest.
ARG PYTHON_IMAGE=python:3.12.12-slim-bookworm

# hadolint ignore=DL3006
FROM ${PYTHON_IMAGE} AS build
# The newest git of the release: pinned ones vanish from the archive with the next security fix.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends binutils gcc git \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /build
COPY pyproject.toml constraints.txt README.md LICENSE ./
COPY ci_gate ci_gate
# Both names: from pip 25.3 on, what builds a package has constraints of its own.
ENV PIP_CONSTRAINT=/build/constraints.txt PIP_BUILD_CONSTRAINT=/build/constraints.txt
RUN python3 -m pip install --no-cache-dir --no-compile --target /build/app .
COPY scripts/bundle.sh scripts/
RUN scripts/bundle.sh python3 /build/app /opt/ci-gate
# What moves a service's clock, where no compiler is.
ENV CI_GATE_CLOCK_LIBRARY=/opt/ci-gate/lib/clock.so
RUN PYTHONPATH=/build/app python3 -c \
    "from ci_gate.service.clock_library import build; build('/opt/ci-gate/lib/clock.so')"
# An image whose gate does not pass an unchanged service never comes into being.
COPY examples/parcels examples/parcels
WORKDIR /build/examples/parcels
RUN /opt/ci-gate/bin/ci-gate run --quiet --out /tmp/run -- python3 parcels.py

# hadolint ignore=DL3006
FROM ${PYTHON_IMAGE}
LABEL org.opencontainers.image.title="ci-gate" \
      org.opencontainers.image.description="Stop behavioural regressions at the pull request" \
      org.opencontainers.image.licenses="Apache-2.0"
# The program alone: looking at commits that are there needs neither perl nor a network client.
COPY --from=build /usr/bin/git /usr/bin/git
COPY --from=build /opt/ci-gate /opt/ci-gate
ENV CI_GATE_CLOCK_LIBRARY=/opt/ci-gate/lib/clock.so
# A workspace is mounted with the owner it has outside, and git looks into nobody else's by itself.
RUN git config --system --add safe.directory '*' \
    && ln -s /opt/ci-gate/bin/ci-gate /usr/local/bin/ci-gate
# There is no USER and no WORKDIR on purpose. GitHub mounts a container action's workspace and its
# output files as the runner's user has them, so only root can read and write them everywhere, and
# GitHub sets the working directory itself. Nothing else needs root: `docker run --user` works.
#
# The exec form, and the interpreter itself instead of the launcher: a shell between the runner and
# us drops variables whose names it does not like. -I: nothing is imported from the workspace.
ENTRYPOINT ["/usr/local/bin/python3", "-I", "/opt/ci-gate/app", "action"]
