# Interlock in a container: `docker build -t interlock .`; docs/operations.md says how to run it.
# PYTHON names the base image of both stages: set it to your company's mirror of it, or to a digest.
ARG PYTHON=python:3.12-slim

FROM ${PYTHON} AS build
WORKDIR /build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python -m venv /opt/interlock
# The dependencies first: a change of our own code leaves this layer as it is.
COPY requirements.lock ./
RUN /opt/interlock/bin/pip install --require-hashes -r requirements.lock
COPY pyproject.toml README.md ./
COPY bot bot
COPY src src
# Compiled here, for the root file system may be read-only where it runs. What only installs things stays behind.
RUN /opt/interlock/bin/pip install --no-deps --no-build-isolation . \
 && /opt/interlock/bin/pip uninstall --yes hatchling \
 && /opt/interlock/bin/pip uninstall --yes pip

FROM ${PYTHON}
RUN groupadd --gid 10001 interlock \
 && useradd --uid 10001 --gid interlock --home-dir /srv/interlock --create-home --shell /usr/sbin/nologin interlock \
 && install --directory --owner interlock --group interlock /data
COPY --from=build /opt/interlock /opt/interlock
# Nothing is written but the database, into /data; with PostgreSQL nothing at all. DATABASE_URL is left unset, so that
# DATABASE_URL_FILE may be given: its default, sqlite:///interlock.db, lies in the working directory.
ENV PATH=/opt/interlock/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    INTERLOCK_CONFIG=/srv/interlock/config/interlock.yaml \
    INTERLOCK_HTTP=0.0.0.0:3000
WORKDIR /data
USER 10001:10001
VOLUME /data
EXPOSE 3000
# /healthz answers 503, which urllib raises, once a part of the program has died; no proxy stands in between.
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 CMD ["python", "-c", "import os; from urllib.request import ProxyHandler, build_opener; build_opener(ProxyHandler({})).open('http://127.0.0.1:' + os.environ['INTERLOCK_HTTP'].rpartition(':')[2] + '/healthz', timeout=4)"]
# `docker run … interlock db upgrade`, `config check` and the other commands replace `run`.
ENTRYPOINT ["interlock"]
CMD ["run"]
