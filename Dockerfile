# Two images of the gateway:
#
#   docker build -t open-mcp-gateway .                                  small: the gateway alone, no shell
#   docker build -t open-mcp-gateway:full --target full .               with npx and uvx, for catalogs that start servers by them
#
# Both run as nobody in particular and need no file of their own to be writable but the state. Mount a folder with
# catalog.yaml (and config.yaml, if you want one) at /etc/mcp-gateway, and a volume at /var/lib/mcp-gateway:
#
#   docker run -p 127.0.0.1:4444:4444 -e MCP_GATEWAY_API_KEY -v ./config:/etc/mcp-gateway -v mcp-state:/var/lib/mcp-gateway \
#     --init --read-only --tmpfs /tmp --cap-drop ALL --security-opt no-new-privileges open-mcp-gateway
#
# What lies in the small one is laid out by scripts/image-files.mjs. scripts/build-image.mjs makes the same images from
# the files of this machine, without a registry; how they are run it reads from the last stages here.

FROM node:24-bookworm-slim AS build
WORKDIR /src
RUN apt-get update && apt-get install -y --no-install-recommends binutils ca-certificates && rm -rf /var/lib/apt/lists/*
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts
COPY . .
RUN npm run build && node scripts/image-files.mjs /image && mkdir /state

# The full image comes first: the last stage is what is built when none is named.
FROM node:24-bookworm-slim AS full
# uv takes this Python where a server is content with it, and fetches another one where not.
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates python3 && rm -rf /var/lib/apt/lists/*
COPY --from=ghcr.io/astral-sh/uv:0.13 /uv /uvx /usr/local/bin/
COPY --from=build /image/app/ /
# It must not be there yet: only a folder that this makes gets the owner.
COPY --from=build --chown=65532:65532 /state/ /var/lib/mcp-gateway/
ENV NODE_ENV=production \
    PATH=/usr/local/bin:/usr/bin:/bin \
    HOME=/var/lib/mcp-gateway \
    XDG_CONFIG_HOME=/etc \
    MCP_GATEWAY_STATE_DIR=/var/lib/mcp-gateway/state
USER 65532:65532
WORKDIR /var/lib/mcp-gateway
VOLUME ["/var/lib/mcp-gateway"]
EXPOSE 4444
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s --retries=3 CMD ["/usr/local/bin/node", "/app/gateway.cjs", "health"]
ENTRYPOINT ["/usr/local/bin/node", "/app/gateway-http.cjs"]
CMD ["--listen", "0.0.0.0:4444"]

FROM scratch AS slim
COPY --from=build /image/base/ /
COPY --from=build /image/app/ /
COPY --from=build --chown=65532:65532 /state/ /var/lib/mcp-gateway/
ENV NODE_ENV=production \
    PATH=/usr/local/bin:/usr/bin:/bin \
    HOME=/var/lib/mcp-gateway \
    XDG_CONFIG_HOME=/etc \
    MCP_GATEWAY_STATE_DIR=/var/lib/mcp-gateway/state
USER 65532:65532
WORKDIR /var/lib/mcp-gateway
VOLUME ["/var/lib/mcp-gateway"]
EXPOSE 4444
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s --retries=3 CMD ["/usr/local/bin/node", "/app/gateway.cjs", "health"]
ENTRYPOINT ["/usr/local/bin/node", "/app/gateway-http.cjs"]
CMD ["--listen", "0.0.0.0:4444"]
