# syntax=docker/dockerfile:1
# Any service, simulator or tool: docker build --build-arg SERVICE=ApnsSender .

FROM mcr.microsoft.com/dotnet/sdk:10.0 AS build
WORKDIR /source
COPY . .
ARG SERVICE
RUN --mount=type=cache,target=/root/.nuget/packages \
    set -e; \
    project="$(find services simulators tools -name "$SERVICE.csproj")"; \
    test -n "$project" || { echo "There is no project called '$SERVICE'." >&2; exit 1; }; \
    dotnet publish "$project" --configuration Release --output /app -p:UseAppHost=false; \
    # What is started, whatever the assembly is called; the published folder may hold other programs that this one borrows from.
    dotnet msbuild "$project" -getProperty:AssemblyName > /app/.program

FROM mcr.microsoft.com/dotnet/aspnet:10.0
RUN apt-get update \
    && apt-get install --yes --no-install-recommends libsodium23 libzmq5 \
    && rm -rf /var/lib/apt/lists/* \
    # Volumes mounted here for the first time belong to the user that the program runs as.
    && mkdir -p /keys /credentials \
    && chown "$APP_UID" /keys /credentials
COPY --chmod=755 tools/docker/start tools/docker/healthy /usr/local/bin/
COPY --from=build /app /app
WORKDIR /app
USER $APP_UID
# Health and metrics; a service's own address is its own setting.
ENV Admin__Urls=http://0.0.0.0:8081
EXPOSE 8080 8081
STOPSIGNAL SIGTERM
ENTRYPOINT ["start"]
