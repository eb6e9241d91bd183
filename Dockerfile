# Herald's images, a target each: `server` (api, notifier, services, migrate, init, mail), `worker` (with the languages' toolchains) and
# `balancer`. Only the worker starts as root, to build its sandboxes; deploy/worker-seccomp.json says what it may then do.

FROM node:20-bookworm-slim AS page
WORKDIR /src
COPY client client
COPY web web
RUN --mount=type=cache,target=/root/.npm,sharing=locked \
    cd web && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error && npm run --silent build

FROM rust:1.95-slim-bookworm AS builder
WORKDIR /src
COPY . .
COPY --from=page /src/web/dist web/dist
# What cargo downloads and makes stays where the image is built, so that the next build only makes what has changed. Cargo goes
# by time stamps, and a checkout's may be older than what another one left there: hence the touch.
RUN --mount=type=cache,target=/usr/local/cargo/registry,sharing=locked \
    --mount=type=cache,id=herald-target,target=/src/target,sharing=locked \
    find . -path ./target -prune -o -type f -exec touch {} + \
 && cargo build --release --locked --package herald --bin herald --package herald-mail-catcher --bin herald-mail-catcher \
 && install -m 0755 target/release/herald target/release/herald-mail-catcher /usr/local/bin/

# What a worker compiles Rust with: Debian's own is years older.
FROM rust:1.95-slim-bookworm AS rust
RUN mkdir -p /toolchain/bin \
 && cp "$(rustc --print sysroot)/bin/rustc" /toolchain/bin/ \
 && cp -a "$(rustc --print sysroot)/lib" /toolchain/lib

FROM debian:bookworm-slim AS server
COPY --from=builder /usr/local/bin/herald /usr/local/bin/herald-mail-catcher /usr/local/bin/
COPY --chmod=0755 deploy/init.sh /usr/local/bin/herald-init
# New volumes take owner and mode from here.
RUN mkdir -p /run/herald/secrets /run/herald/keys /var/lib/herald && chmod 0700 /run/herald/keys /var/lib/herald \
 && chown -R 10001:10001 /run/herald /var/lib/herald
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
      gcc g++ libc6-dev mold golang-go default-jdk-headless python3 nodejs \
 && rm -rf /var/lib/apt/lists/*
COPY --from=rust /toolchain /usr/local/rustup/toolchains/stable
COPY --from=builder /usr/local/bin/herald /usr/local/bin/herald
ENV HERALD_LISTEN=0.0.0.0:8080
EXPOSE 8080
ENTRYPOINT ["herald"]
CMD ["worker"]

FROM debian:bookworm-slim AS balancer
RUN apt-get update \
 && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends haproxy \
 && rm -rf /var/lib/apt/lists/*
COPY --from=builder /usr/local/bin/herald /usr/local/bin/herald
COPY deploy/balancer.cfg /etc/herald/balancer.cfg
EXPOSE 8080
USER 10001:10001
STOPSIGNAL SIGUSR1
ENTRYPOINT ["haproxy", "-W", "-db", "-f", "/etc/herald/balancer.cfg"]
