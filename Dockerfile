# Herald's images, a target each: `server` (api, notifier, migrate, init), `worker` (with the languages' toolchains) and
# `balancer`. Only the worker starts as root, to build its sandboxes; deploy/worker-seccomp.json says what it may then do.

FROM rust:1.95-slim-bookworm AS builder
WORKDIR /src
COPY . .
RUN cargo build --release --locked --package herald --bin herald

FROM debian:bookworm-slim AS server
COPY --from=builder /src/target/release/herald /usr/local/bin/herald
COPY --chmod=0755 deploy/init.sh /usr/local/bin/herald-init
# New volumes take owner and mode from here.
RUN mkdir -p /run/herald/secrets /run/herald/keys && chmod 0700 /run/herald/keys && chown -R 10001:10001 /run/herald
ENV HERALD_LISTEN=0.0.0.0:8080
EXPOSE 8080
USER 10001:10001
ENTRYPOINT ["herald"]
CMD ["api"]

FROM debian:bookworm-slim AS worker
# openjdk wants its manual folder to be there.
RUN mkdir -p /usr/share/man/man1 \
 && apt-get update \
 && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
      gcc g++ libc6-dev rustc golang-go default-jdk-headless python3 nodejs \
 && rm -rf /var/lib/apt/lists/*
COPY --from=builder /src/target/release/herald /usr/local/bin/herald
ENV HERALD_LISTEN=0.0.0.0:8080
EXPOSE 8080
ENTRYPOINT ["herald"]
CMD ["worker"]

FROM debian:bookworm-slim AS balancer
RUN apt-get update \
 && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends haproxy \
 && rm -rf /var/lib/apt/lists/*
COPY --from=builder /src/target/release/herald /usr/local/bin/herald
COPY deploy/balancer.cfg /etc/herald/balancer.cfg
ENV HERALD_API_HOST=api HERALD_NOTIFIER_HOST=notifier
EXPOSE 8080
USER 10001:10001
STOPSIGNAL SIGUSR1
ENTRYPOINT ["haproxy", "-W", "-db", "-f", "/etc/herald/balancer.cfg"]
