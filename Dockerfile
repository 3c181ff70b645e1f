# The bot for production. Build: docker build -t hezo360-bot .
# Run:   docker run -d --stop-timeout 30 -v hezo360:/var/lib/hezo360 \
#            -v "$PWD/config.toml:/etc/hezo360/config.toml:ro" -v "$PWD/secrets:/etc/hezo360/secrets:ro" hezo360-bot
# The stop timeout has to be longer than stop_within in the configuration (20 s). Files have to be readable by user 10001.

FROM python:3.13-slim-bookworm AS build

# Locked by hashes; ready-made wheels only, since there is no compiler here and none is wanted.
COPY requirements/runtime.txt /tmp/runtime.txt
RUN python -m venv --without-pip /opt/hezo360 \
    && python -m pip --python /opt/hezo360/bin/python install --no-cache-dir --disable-pip-version-check \
        --only-binary :all: --require-hashes -r /tmp/runtime.txt

# The project runs from its source, as in a checkout: the .pth file makes it importable, pyproject.toml has its version.
COPY pyproject.toml LICENSE /opt/hezo360/app/
COPY bot /opt/hezo360/app/bot
COPY handlers /opt/hezo360/app/handlers
COPY storage /opt/hezo360/app/storage
RUN echo /opt/hezo360/app >"$(/opt/hezo360/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/hezo360.pth" \
    && printf '#!/bin/sh\nexec /opt/hezo360/bin/python -m bot "$@"\n' >/opt/hezo360/bin/hezo360 \
    && chmod 755 /opt/hezo360/bin/hezo360 \
    && /opt/hezo360/bin/python -m compileall -q /opt/hezo360/app /opt/hezo360/lib


FROM python:3.13-slim-bookworm

# No build tools are left: pip goes as well. The user has a number and no name, so it owns nothing else.
RUN rm -rf /usr/local/bin/pip* /usr/local/lib/python3.13/site-packages/* /usr/local/lib/python3.13/ensurepip \
    && install -d -o 10001 -g 10001 -m 0700 /var/lib/hezo360 \
    && install -d -m 0755 /etc/hezo360

COPY --from=build /opt/hezo360 /opt/hezo360

# HOME is where database drivers look for certificates; the numbered user has none of its own.
ENV PATH=/opt/hezo360/bin:$PATH \
    HOME=/var/lib/hezo360 \
    HEZO360_CONFIG=/etc/hezo360/config.toml \
    PYTHONUNBUFFERED=1

USER 10001:10001
# The default database lies in var/ below the working folder, hence in the volume.
WORKDIR /var/lib/hezo360
VOLUME /var/lib/hezo360

STOPSIGNAL SIGTERM
# Docker knows 0 and 1 only; `hezo360 health` also has 2, for a configuration that cannot be read.
HEALTHCHECK --interval=30s --timeout=15s --start-period=60s --retries=3 CMD hezo360 health || exit 1

ENTRYPOINT ["hezo360"]
CMD ["run"]
