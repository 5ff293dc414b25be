# The broker alone, without the Lab's page: docker build -t mqttlab .
FROM rust:1.95-slim-bookworm AS build
RUN apt-get update && apt-get install --yes --no-install-recommends cmake g++ make && rm -rf /var/lib/apt/lists/*
WORKDIR /source
COPY . .
RUN cargo build --release --locked --package mqttlab

FROM debian:bookworm-slim
RUN useradd --system --uid 1883 --home-dir /var/lib/mqttlab --create-home mqttlab
COPY --from=build /source/target/release/mqttlab /usr/bin/mqttlab
USER mqttlab
VOLUME /var/lib/mqttlab
# HTTP is for the health check alone, until --http 0.0.0.0:8080 opens it.
EXPOSE 1883 8080
HEALTHCHECK --interval=10s --timeout=5s --start-period=5s CMD ["mqttlab", "health"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["mqttlab", "broker"]
# Inside a container every address is another machine's: say who may come in, with --password-file or --allow-anonymous.
CMD ["--listen", "0.0.0.0:1883", "--store", "/var/lib/mqttlab/broker.redb"]
