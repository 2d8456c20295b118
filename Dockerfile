# hhexp on CPUs, with the versions of requirements.lock. Runs, published records and caches are in the
# folder that is mounted at /runs:
#   docker build -t hhexp .
#   docker run --rm --user "$(id -u):$(id -g)" -v "$PWD:/runs" hhexp run aug=full epochs=5
FROM python:3.13-slim

WORKDIR /source
COPY pyproject.toml requirements.lock README.md LICENSE ./
COPY src src
RUN pip install --no-cache-dir --constraint requirements.lock . \
    && useradd --uid 1000 --no-create-home hhexp && mkdir /runs && chown hhexp /runs

# Any user may be given by --user; none of them has a home folder here.
ENV HOME=/tmp HHEXP_CACHE=/runs/.cache/hhexp MLFLOW_DISABLE_TELEMETRY=true
USER 1000
WORKDIR /runs
EXPOSE 5000
ENTRYPOINT ["hhexp"]
CMD ["--help"]
