# Train, compare and export in a container (not tried yet, see docs/not-tried.md):
#   docker build --tag yolo-feiou .
#   docker run --rm --gpus all --ipc=host --volume "$PWD:/work" --user "$(id -u):$(id -g)" yolo-feiou train data=…
# --ipc=host: loaders of images share memory. Without GPU, and gigabytes smaller:
#   docker build --build-arg PIP_EXTRA_INDEX_URL=https://download.pytorch.org/whl/cpu …
FROM python:3.12-slim-bookworm

# What opencv-python links to; the slim image has the rest.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends libgl1 libglib2.0-0 libsm6 libxext6 \
    && rm -rf /var/lib/apt/lists/*

ARG PIP_EXTRA_INDEX_URL=
# Of the extras, those that need no server of their own: export to ONNX, and the detectors beside YOLO.
COPY pyproject.toml README.md LICENSE /src/
COPY cfg /src/cfg
COPY scripts /src/scripts
COPY yolo_feiou /src/yolo_feiou
RUN pip install --no-cache-dir "/src[detectors,export]"

# Settings where any user can write them, and nothing is installed while a training runs.
ENV YOLO_CONFIG_DIR=/tmp YOLO_AUTOINSTALL=false MPLCONFIGDIR=/tmp/matplotlib
RUN useradd --uid 1000 --create-home yolo && install --directory --owner yolo /work
USER 1000
WORKDIR /work
ENTRYPOINT ["yolo"]
CMD ["help"]
